// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/dhcp/dhcp6.h"

#include "base/text.h"
#include "support/test.h"

using boot::Dhcp6Client;
using boot::Dhcp6Type;

namespace {

const boot::MacAddress kMac = {{0x52, 0x54, 0, 0x12, 0x34, 0x56}};
const std::string kClient =
    "0001000a"
    "00030001525400123456";
const std::string kServer =
    "00020004"
    "00030001";
const std::string kAddress = "20010db8000000000000000000000077";
// IA_NA with our IAID, T1 900, T2 1440; in it the address, preferred 1800, valid 3600
const std::string kLease =
    "00030028"
    "00123456"
    "00000384"
    "000005a0"
    "00050018" +
    kAddress +
    "00000708"
    "00000e10";
const std::string kNoAddress =
    "0003001b"
    "00123456"
    "00000000"
    "00000000"
    "000d000b"
    "0002"
    "6e6f6e65206c656674";
const std::string kDns =
    "00170010"
    "20010db8000000000000000000000053";

base::Bytes answer(Dhcp6Type type, base::ByteView to, const std::string& options) {
    const std::string head =
        base::format("%02x", static_cast<unsigned>(type)) + base::to_hex(to.subspan(1, 3));
    return base::from_hex(head + options).value();
}

Dhcp6Type type_of(const base::Bytes& message) {
    return static_cast<Dhcp6Type>(message[0]);
}

const base::TimePoint kStart{};

}  // namespace

BOOST_AUTO_TEST_SUITE(dhcp6)

BOOST_AUTO_TEST_CASE(an_address_is_granted_in_four_messages) {
    Dhcp6Client client(Dhcp6Client::Wants::kAddress, kMac, 7, kStart);
    const auto solicit = client.on_time(kStart).value();
    BOOST_TEST(type_of(solicit) == Dhcp6Type::kSolicit);
    BOOST_TEST(base::to_hex(solicit) == "01000007" + kClient +
                                            "0003000c"
                                            "00123456"
                                            "00000000"
                                            "00000000" +
                                            "000e0000"
                                            "00060006"
                                            "00170018003b"
                                            "00080002"
                                            "0000");
    client.on_message(answer(Dhcp6Type::kAdvertise, solicit, kClient + kServer + kLease), kStart);
    const auto request = client.on_time(kStart).value();
    BOOST_TEST(type_of(request) == Dhcp6Type::kRequest);
    BOOST_TEST(base::to_hex(request).find(kAddress) != std::string::npos);
    BOOST_TEST(base::to_hex(request).find(kServer) != std::string::npos);
    client.on_message(answer(Dhcp6Type::kReply, request, kClient + kServer + kLease + kDns),
                      kStart);
    BOOST_REQUIRE(client.is_done());
    const boot::Dhcp6Answer& got = client.answer();
    BOOST_TEST(got.lease->address.text() == "2001:db8::77");
    BOOST_TEST(got.lease->t1.count() == 900);
    BOOST_TEST(got.lease->valid.count() == 3600);
    BOOST_TEST(got.dns.at(0).text() == "2001:db8::53");
}

BOOST_AUTO_TEST_CASE(a_rapid_commit_takes_two_and_a_bare_reply_is_none) {
    Dhcp6Client client(Dhcp6Client::Wants::kAddress, kMac, 7, kStart);
    const auto solicit = client.on_time(kStart).value();
    client.on_message(answer(Dhcp6Type::kReply, solicit, kClient + kServer + kLease), kStart);
    BOOST_TEST(!client.is_done());
    client.on_message(answer(Dhcp6Type::kReply, solicit, kClient + kServer + kLease + "000e0000"),
                      kStart);
    BOOST_TEST(client.is_done());
}

BOOST_AUTO_TEST_CASE(a_server_without_addresses_is_quoted_and_asked_again) {
    Dhcp6Client client(Dhcp6Client::Wants::kAddress, kMac, 7, kStart);
    const auto solicit = client.on_time(kStart).value();
    client.on_message(answer(Dhcp6Type::kAdvertise, solicit, kClient + kServer + kNoAddress),
                      kStart);
    BOOST_TEST(client.story() == "a DHCPv6 server offers no address: status 2, \"none left\"");
    BOOST_TEST(!client.on_time(kStart).has_value());
    BOOST_TEST(type_of(client.on_time(client.wake()).value()) == Dhcp6Type::kSolicit);
}

BOOST_AUTO_TEST_CASE(after_an_offer_that_is_not_kept_discovery_begins_again) {
    Dhcp6Client client(Dhcp6Client::Wants::kAddress, kMac, 7, kStart);
    auto sent = client.on_time(kStart).value();
    client.on_message(answer(Dhcp6Type::kAdvertise, sent, kClient + kServer + kLease), kStart);
    for (int i = 0; i < 4; ++i) {
        sent = client.on_time(client.wake()).value();
        BOOST_TEST(type_of(sent) == Dhcp6Type::kRequest);
    }
    BOOST_TEST(type_of(client.on_time(client.wake()).value()) == Dhcp6Type::kSolicit);
    BOOST_TEST(client.story() == "a DHCPv6 server offered an address and did not confirm it");
}

BOOST_AUTO_TEST_CASE(answers_to_others_do_not_count) {
    Dhcp6Client client(Dhcp6Client::Wants::kInformation, kMac, 7, kStart);
    const auto request = client.on_time(kStart).value();
    BOOST_TEST(type_of(request) == Dhcp6Type::kInformationRequest);
    const std::string other =
        "0001000a"
        "00030001525400000000";
    for (const std::string& options :
         {other + kServer + kDns, kClient + kDns, kServer + kDns, kClient + kServer + "0017ffff"}) {
        client.on_message(answer(Dhcp6Type::kReply, request, options), kStart);
        BOOST_TEST(!client.is_done(), options);
    }
    base::Bytes late = answer(Dhcp6Type::kReply, request, kClient + kServer + kDns);
    late[3] ^= std::byte{1};
    client.on_message(late, kStart);
    BOOST_TEST(!client.is_done());
    late[3] ^= std::byte{1};
    client.on_message(late, kStart);
    BOOST_TEST(client.is_done());
    BOOST_TEST(!client.answer().lease.has_value());
}

BOOST_AUTO_TEST_CASE(names_and_the_boot_file_are_read) {
    const std::string domain =
        "0018000d"
        "07"
        "6578616d706c65"
        "03"
        "6f7267"
        "00";  // example.org
    const std::string url =
        "003b0004"
        "6e766d65";
    const auto message = base::from_hex("07000001" + kClient + kServer + domain + url).value();
    const auto parsed = boot::parse_dhcp6(message, 1);
    BOOST_REQUIRE(parsed.ok());
    BOOST_TEST(parsed->domain == "example.org");
    BOOST_TEST(parsed->boot_file_url == "nvme");
}

BOOST_AUTO_TEST_SUITE_END()
