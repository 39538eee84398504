// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/dhcp/dhcp_message.h"

#include "base/endian.h"
#include "base/text.h"
#include "support/golden.h"
#include "support/test.h"

using boot::DhcpCode;
using boot::DhcpMessage;
using boot::DhcpType;
using boot::IpAddress;
using boot::MacAddress;

namespace {

DhcpMessage parsed(const std::string& name) {
    return boot::parse_dhcp(support::golden("dhcp/" + name)).value();
}

/// A message that lease_of() takes, to be spoilt by one option.
DhcpMessage good_offer() {
    DhcpMessage message;
    message.reply = true;
    message.type = DhcpType::kOffer;
    message.yiaddr = IpAddress::parse("10.0.2.20").value();
    message.add(DhcpCode::kServerId, IpAddress::parse("10.0.2.2").value().bytes());
    message.add(DhcpCode::kLeaseTime, base::bytes_of(base::be32(1000)));
    return message;
}

std::string routes_text(const boot::Lease& lease) {
    std::string text;
    for (const auto& route : lease.routes) {
        text +=
            route.destination.text() + " " + (route.gateway ? route.gateway->text() : "-") + ";";
    }
    return text;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(dhcp_message)

BOOST_AUTO_TEST_CASE(discover_is_written_as_the_sample_says) {
    DhcpMessage message;
    message.xid = 0xdeadbeef;
    message.secs = 3;
    message.chaddr = MacAddress::parse("52:54:00:12:34:56").value();
    message.add(DhcpCode::kClientId, base::from_hex("01525400123456").value());
    message.add(DhcpCode::kMaximumSize, base::bytes_of(base::be16(1472)));
    message.add(DhcpCode::kHostName, base::bytes_of(std::string_view("pc7")));
    BOOST_TEST(base::to_hex(boot::build_dhcp(message)) ==
               base::to_hex(support::golden("dhcp/discover.hex")));
}

BOOST_AUTO_TEST_CASE(acknowledgement_becomes_a_lease) {
    const DhcpMessage ack = parsed("ack.hex");
    BOOST_TEST(ack.reply);
    BOOST_TEST(ack.xid == 0xdeadbeef);
    BOOST_TEST(ack.type == DhcpType::kAck);
    BOOST_TEST(ack.chaddr.text() == "52:54:00:12:34:56");
    const auto lease = boot::lease_of(ack).value();
    BOOST_TEST(lease.address.text() == "10.0.2.20/24");
    BOOST_TEST(lease.broadcast->text() == "10.0.2.255");
    BOOST_TEST(lease.server.text() == "10.0.2.2");
    BOOST_TEST(lease.duration.count() == 3600);
    BOOST_TEST(lease.t1.count() == 900);
    BOOST_TEST(lease.t2.count() == 3000);
    BOOST_TEST(routes_text(lease) == "0.0.0.0/0 10.0.2.2;");
    BOOST_TEST(lease.dns.size() == 2U);
    BOOST_TEST(lease.dns.back().text() == "10.0.2.54");
    BOOST_TEST(lease.mtu.value() == 1400U);
    BOOST_TEST(lease.hostname == "pc7");
    BOOST_TEST(lease.domain == "example");
    BOOST_TEST(lease.root_path == "nvme:x");
}

BOOST_AUTO_TEST_CASE(classless_routes_are_joined_and_replace_the_router) {
    const auto lease = boot::lease_of(parsed("classless.hex")).value();
    BOOST_TEST(lease.address.text() == "192.0.2.99/32");
    BOOST_TEST(routes_text(lease) ==
               "192.0.2.1/32 -;0.0.0.0/0 192.0.2.1;10.1.128.0/17 192.0.2.2;10.0.0.0/8 192.0.2.3;");
    BOOST_TEST(lease.duration.count() == UINT32_MAX);
    BOOST_TEST(lease.t1.count() == UINT32_MAX / 2);
}

BOOST_AUTO_TEST_CASE(overloaded_fields_are_read_after_the_options_file_first) {
    const auto lease = boot::lease_of(parsed("overload.hex")).value();
    BOOST_TEST(lease.root_path == "a:xy/z!");
    BOOST_TEST(lease.duration.count() == 3600);
}

BOOST_AUTO_TEST_CASE(long_options_are_split_and_joined_again) {
    DhcpMessage message = good_offer();
    const std::string path(600, 'x');
    message.add(DhcpCode::kRootPath, base::bytes_of(path));
    const auto back = boot::parse_dhcp(boot::build_dhcp(message)).value();
    BOOST_TEST(boot::lease_of(back).value().root_path == path);
}

BOOST_AUTO_TEST_CASE(damaged_messages_are_refused_wherever_they_are_cut) {
    const base::Bytes ack = support::golden("dhcp/ack.hex");
    for (size_t size = 0; size < ack.size(); ++size) {
        const auto result = boot::parse_dhcp(base::ByteView(ack).first(size));
        if (result) {  // cut between two options: the end option alone is missing
            BOOST_TEST(size > 240U);
            BOOST_TEST(boot::parse_dhcp(ack).value().options.size() >= result->options.size());
        }
    }
    struct Damage {
        size_t offset;
        unsigned char value;
        const char* error;
    };
    const Damage damages[] = {
        {0, 3, "not a DHCP message for Ethernet"},
        {1, 6, "not a DHCP message for Ethernet"},
        {2, 16, "not a DHCP message for Ethernet"},
        {236, 0, "not a DHCP message"},
        {240, 54, "no message type"},
        {242, 0, "option 53 is malformed"},
        {242, 9, "option 53 is malformed"},
        {241, 250, "option 53 runs past the end"},
    };
    for (const Damage& damage : damages) {
        base::Bytes bytes = ack;
        bytes[damage.offset] = std::byte{damage.value};
        const auto result = boot::parse_dhcp(bytes);
        BOOST_REQUIRE(!result.ok());
        BOOST_TEST(result.error().text == damage.error);
    }
}

BOOST_AUTO_TEST_CASE(leases_with_malformed_options_are_refused_by_name) {
    BOOST_REQUIRE(boot::lease_of(good_offer()).ok());
    struct Spoilt {
        DhcpCode code;
        const char* value;  // hexadecimal; added to what is there
        const char* error;
    };
    const Spoilt table[] = {
        {DhcpCode::kServerId, "00", "option 54 is malformed"},
        {DhcpCode::kLeaseTime, "00000000", "option 51 is malformed"},
        {DhcpCode::kSubnetMask, "ff00ff00", "option 1 is malformed"},
        {DhcpCode::kSubnetMask, "ffff", "option 1 is malformed"},
        {DhcpCode::kRouter, "0a0002", "option 3 is malformed"},
        {DhcpCode::kRouter, "", "option 3 is malformed"},
        {DhcpCode::kDnsServers, "0a00020304", "option 6 is malformed"},
        {DhcpCode::kMtu, "05", "option 26 is malformed"},
        {DhcpCode::kBroadcast, "0a", "option 28 is malformed"},
        {DhcpCode::kRenewalTime, "0a", "option 58 is malformed"},
        {DhcpCode::kRebindingTime, "0a", "option 59 is malformed"},
        {DhcpCode::kClasslessRoutes, "", "option 121 is malformed"},
        {DhcpCode::kClasslessRoutes, "210a0000000100000000", "option 121 is malformed"},
        {DhcpCode::kClasslessRoutes, "180a00000a0002", "option 121 is malformed"},
    };
    for (const Spoilt& row : table) {
        DhcpMessage message = good_offer();
        message.add(row.code, base::from_hex(row.value).value());
        const auto lease = boot::lease_of(message);
        BOOST_REQUIRE_MESSAGE(!lease.ok(), row.error);
        BOOST_TEST(lease.error().text == row.error);
    }
}

BOOST_AUTO_TEST_CASE(leases_without_what_they_must_have_are_refused) {
    DhcpMessage message = good_offer();
    message.yiaddr = IpAddress();
    BOOST_TEST(boot::lease_of(message).error().text == "no host can have the address 0.0.0.0");
    message = good_offer();
    message.options.erase(message.options.begin());
    BOOST_TEST(boot::lease_of(message).error().text == "no server identifier");
    message = good_offer();
    message.options.pop_back();
    BOOST_TEST(boot::lease_of(message).error().text == "no lease time");
}

BOOST_AUTO_TEST_CASE(values_that_cannot_be_right_fall_back) {
    DhcpMessage message = good_offer();
    message.add(DhcpCode::kRenewalTime, base::bytes_of(base::be32(2000)));
    message.add(DhcpCode::kRebindingTime, base::bytes_of(base::be32(1000)));
    message.add(DhcpCode::kMtu, base::bytes_of(base::be16(68)));
    message.add(DhcpCode::kRouter, base::bytes_of(base::be32(0)));
    message.add(DhcpCode::kHostName, base::bytes_of(std::string_view("a\nb")));
    const auto lease = boot::lease_of(message).value();
    BOOST_TEST(lease.t1.count() == 500);
    BOOST_TEST(lease.t2.count() == 875);
    BOOST_TEST(!lease.mtu.has_value());
    BOOST_TEST(lease.routes.empty());
    BOOST_TEST(lease.hostname == "");
    BOOST_TEST(lease.address.text() == "10.0.2.20/8");
}

BOOST_AUTO_TEST_SUITE_END()
