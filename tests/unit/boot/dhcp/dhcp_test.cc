// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/dhcp/dhcp.h"

#include "base/endian.h"
#include "base/text.h"
#include "support/fake_clock.h"
#include "support/test.h"

using base::milliseconds;
using base::seconds;
using boot::DhcpClient;
using boot::DhcpCode;
using boot::DhcpMessage;
using boot::DhcpType;
using boot::IpAddress;
using boot::MacAddress;

namespace {

const MacAddress kMac = MacAddress::parse("52:54:00:12:34:56").value();
const IpAddress kServer = IpAddress::parse("10.0.2.2").value();
const IpAddress kOther = IpAddress::parse("10.0.2.3").value();

/// A client, its clock, and a server that answers when told to.
struct Exchange {
    support::FakeClock clock;
    DhcpClient client{{kMac, "pc7", std::nullopt}, 1, clock.now()};

    /// Winds the clock to the client's wake() and returns what it then sends.
    DhcpMessage next() {
        if (client.wake() > clock.now()) {
            clock.sleep(std::chrono::ceil<milliseconds>(client.wake() - clock.now()));
        }
        const auto bytes = client.on_time(clock.now());
        BOOST_REQUIRE(bytes.has_value());
        return boot::parse_dhcp(*bytes).value();
    }

    static DhcpMessage answer(const DhcpMessage& to, DhcpType type, const IpAddress& server) {
        DhcpMessage message;
        message.reply = true;
        message.type = type;
        message.xid = to.xid;
        message.chaddr = to.chaddr;
        message.yiaddr = IpAddress::parse("10.0.2.20").value();
        message.add(DhcpCode::kServerId, server.bytes());
        message.add(DhcpCode::kLeaseTime, base::bytes_of(base::be32(3600)));
        return message;
    }

    std::optional<DhcpMessage> give(const DhcpMessage& message) {
        const auto bytes = client.on_message(boot::build_dhcp(message), clock.now());
        if (!bytes) {
            return std::nullopt;
        }
        return boot::parse_dhcp(*bytes).value();
    }
};

std::string hex(const DhcpMessage& message, DhcpCode code) {
    const base::Bytes* value = message.find(code);
    return value == nullptr ? "none" : base::to_hex(*value);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(dhcp)

BOOST_AUTO_TEST_CASE(four_messages_make_a_lease) {
    Exchange exchange;
    const DhcpMessage discover = exchange.next();
    BOOST_TEST(discover.type == DhcpType::kDiscover);
    BOOST_TEST(!discover.reply);
    BOOST_TEST(hex(discover, DhcpCode::kClientId) == "01525400123456");
    BOOST_TEST(hex(discover, DhcpCode::kHostName) == "706337");
    BOOST_TEST(hex(discover, DhcpCode::kRequestedAddress) == "none");
    BOOST_TEST(hex(discover, DhcpCode::kParameterList).starts_with("790103"));

    const auto request = exchange.give(exchange.answer(discover, DhcpType::kOffer, kServer));
    BOOST_REQUIRE(request.has_value());
    BOOST_TEST(request->type == DhcpType::kRequest);
    BOOST_TEST(request->xid == discover.xid);
    BOOST_TEST(hex(*request, DhcpCode::kRequestedAddress) == "0a000214");
    BOOST_TEST(hex(*request, DhcpCode::kServerId) == "0a000202");

    BOOST_TEST(!exchange.give(exchange.answer(*request, DhcpType::kAck, kServer)).has_value());
    BOOST_REQUIRE(exchange.client.lease().has_value());
    BOOST_TEST(exchange.client.lease()->address.address.text() == "10.0.2.20");
    BOOST_TEST(base::to_hex(exchange.client.lease()->client_id) == "01525400123456");
    BOOST_TEST(exchange.client.wake() == base::TimePoint::max());
}

BOOST_AUTO_TEST_CASE(discovers_are_repeated_later_and_later_with_jitter) {
    Exchange exchange;
    const DhcpMessage first = exchange.next();
    const int delays[] = {1, 2, 4, 8, 16, 16};
    auto before = exchange.clock.now();
    unsigned secs = 0;
    for (const int delay : delays) {
        BOOST_TEST(!exchange.client.on_time(exchange.clock.now()).has_value());
        const DhcpMessage again = exchange.next();
        const auto waited = exchange.clock.now() - before;
        BOOST_TEST((waited >= milliseconds(delay * 750) && waited <= milliseconds(delay * 1250)));
        BOOST_TEST(again.xid == first.xid);
        BOOST_TEST(again.secs >= secs);
        secs = again.secs;
        before = exchange.clock.now();
    }
    BOOST_TEST(secs > 30U);
    BOOST_TEST(exchange.client.story() == "no DHCP server answered 7 discovers");
}

BOOST_AUTO_TEST_CASE(machines_with_other_seeds_choose_other_times_and_numbers) {
    support::FakeClock clock;
    DhcpClient one({kMac, "", std::nullopt}, 1, clock.now());
    DhcpClient two({kMac, "", std::nullopt}, 2, clock.now());
    const auto a = boot::parse_dhcp(*one.on_time(clock.now())).value();
    const auto b = boot::parse_dhcp(*two.on_time(clock.now())).value();
    BOOST_TEST(a.xid != b.xid);
    BOOST_TEST(one.wake() != two.wake());
}

BOOST_AUTO_TEST_CASE(answers_to_others_are_ignored) {
    Exchange exchange;
    const DhcpMessage discover = exchange.next();
    DhcpMessage offer = exchange.answer(discover, DhcpType::kOffer, kServer);
    ++offer.xid;
    BOOST_TEST(!exchange.give(offer).has_value());
    offer.xid = discover.xid;
    offer.chaddr.octets[5] ^= 1;
    BOOST_TEST(!exchange.give(offer).has_value());
    offer.chaddr = kMac;
    offer.reply = false;
    BOOST_TEST(!exchange.give(offer).has_value());
    offer.reply = true;
    offer.type = DhcpType::kAck;
    BOOST_TEST(!exchange.give(offer).has_value());
    BOOST_TEST(!exchange.client.on_message({}, exchange.clock.now()).has_value());
    offer.type = DhcpType::kOffer;
    BOOST_TEST(exchange.give(offer).has_value());
}

BOOST_AUTO_TEST_CASE(only_the_chosen_server_may_grant_or_refuse) {
    Exchange exchange;
    const DhcpMessage discover = exchange.next();
    const auto request = exchange.give(exchange.answer(discover, DhcpType::kOffer, kServer));
    BOOST_TEST(!exchange.give(exchange.answer(discover, DhcpType::kOffer, kOther)).has_value());
    exchange.give(exchange.answer(*request, DhcpType::kNak, kOther));
    exchange.give(exchange.answer(*request, DhcpType::kAck, kOther));
    BOOST_TEST(!exchange.client.lease().has_value());
    exchange.give(exchange.answer(*request, DhcpType::kAck, kServer));
    BOOST_TEST(exchange.client.lease().has_value());
}

BOOST_AUTO_TEST_CASE(after_a_nak_everything_begins_again_and_not_in_a_rush) {
    Exchange exchange;
    DhcpMessage discover = exchange.next();
    auto previous = exchange.clock.now();
    for (int round = 0; round < 3; ++round) {
        const auto request = exchange.give(exchange.answer(discover, DhcpType::kOffer, kServer));
        BOOST_REQUIRE(request.has_value());
        DhcpMessage nak = exchange.answer(*request, DhcpType::kNak, kServer);
        nak.add(DhcpCode::kText, base::bytes_of(std::string_view("wrong network")));
        BOOST_TEST(!exchange.give(nak).has_value());
        BOOST_TEST(exchange.client.story() == "10.0.2.2 withdrew its offer: \"wrong network\"");
        const uint32_t xid = discover.xid;
        discover = exchange.next();
        BOOST_TEST(discover.type == DhcpType::kDiscover);
        BOOST_TEST(discover.xid != xid);
        const auto waited = exchange.clock.now() - previous;
        BOOST_TEST((round == 0 ? waited < seconds(1) : waited > seconds(round)));
        previous = exchange.clock.now();
    }
}

BOOST_AUTO_TEST_CASE(a_request_without_an_answer_is_repeated_and_then_dropped) {
    Exchange exchange;
    const DhcpMessage discover = exchange.next();
    BOOST_REQUIRE(exchange.give(exchange.answer(discover, DhcpType::kOffer, kServer)).has_value());
    for (int i = 0; i < 3; ++i) {
        BOOST_TEST(exchange.next().type == DhcpType::kRequest);
    }
    const DhcpMessage again = exchange.next();
    BOOST_TEST(again.type == DhcpType::kDiscover);
    BOOST_TEST(again.xid != discover.xid);
    BOOST_TEST(exchange.client.story() == "10.0.2.2 offered an address, but did not grant it");
}

BOOST_AUTO_TEST_CASE(offers_of_no_use_are_passed_over_and_remembered) {
    Exchange exchange;
    const DhcpMessage discover = exchange.next();
    DhcpMessage offer = exchange.answer(discover, DhcpType::kOffer, kServer);
    offer.add(DhcpCode::kSubnetMask, base::bytes_of(base::be32(0xff00ff00)));
    BOOST_TEST(!exchange.give(offer).has_value());
    BOOST_TEST(exchange.client.story() == "10.0.2.2 made an unusable offer: option 1 is malformed");
    BOOST_TEST(exchange.give(exchange.answer(discover, DhcpType::kOffer, kOther)).has_value());
}

BOOST_AUTO_TEST_CASE(a_wanted_address_is_asked_for_until_it_is_refused) {
    Exchange exchange;
    exchange.client =
        DhcpClient({kMac, "", IpAddress::parse("10.0.2.77").value()}, 1, exchange.clock.now());
    const DhcpMessage discover = exchange.next();
    BOOST_TEST(hex(discover, DhcpCode::kRequestedAddress) == "0a00024d");
    BOOST_TEST(hex(discover, DhcpCode::kHostName) == "none");
    const auto request = exchange.give(exchange.answer(discover, DhcpType::kOffer, kServer));
    exchange.give(exchange.answer(*request, DhcpType::kNak, kServer));
    BOOST_TEST(hex(exchange.next(), DhcpCode::kRequestedAddress) == "none");
}

BOOST_AUTO_TEST_SUITE_END()
