// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/dhcp/router_advert.h"

#include "base/text.h"
#include "support/test.h"

namespace {

base::Bytes hex(const std::string& text) {
    return base::from_hex(text).value();
}

// type, code, checksum, hop limit, flags, lifetime, reachable, retransmit
const std::string kPlain =
    "86000000"
    "4000"
    "0708"
    "00000000"
    "00000000";
const std::string kManaged =
    "86000000"
    "40c0"
    "0708"
    "00000000"
    "00000000";
// RDNSS: 25, 3 units, reserved, lifetime, 2001:db8::53
const std::string kDns =
    "19030000"
    "00000258"
    "20010db8000000000000000000000053";

}  // namespace

BOOST_AUTO_TEST_SUITE(router_advert)

BOOST_AUTO_TEST_CASE(flags_and_name_servers_are_read) {
    const auto plain = boot::parse_router_advert(hex(kPlain)).value();
    BOOST_TEST(!plain.managed);
    BOOST_TEST(!plain.other_config);
    BOOST_TEST(plain.dns.empty());
    const auto advert =
        boot::parse_router_advert(hex(kManaged + "0101525400123456" + kDns)).value();
    BOOST_TEST(advert.managed);
    BOOST_TEST(advert.other_config);
    BOOST_REQUIRE(advert.dns.size() == 1U);
    BOOST_TEST(advert.dns[0].text() == "2001:db8::53");
}

BOOST_AUTO_TEST_CASE(a_server_that_is_taken_back_or_of_no_use_is_left_out) {
    const std::string expired =
        "19030000"
        "00000000"
        "20010db8000000000000000000000053";
    const std::string multicast =
        "19030000"
        "00000258"
        "ff020000000000000000000000000001";
    BOOST_TEST(boot::parse_router_advert(hex(kPlain + expired)).value().dns.empty());
    BOOST_TEST(boot::parse_router_advert(hex(kPlain + multicast)).value().dns.empty());
}

BOOST_AUTO_TEST_CASE(other_messages_than_advertisements_are_dropped) {
    for (const std::string& bad : {
             std::string(),
             std::string("8600"),
             "85" + kPlain.substr(2),    // a solicitation
             "8601" + kPlain.substr(4),  // a code
             kPlain + "0100",            // an option of length zero
             kPlain + "0102525400123456",
             kPlain + "19",
         }) {
        BOOST_TEST(!boot::parse_router_advert(hex(bad)).has_value(), bad);
    }
}

BOOST_AUTO_TEST_CASE(a_solicitation_carries_the_ethernet_address) {
    const auto mac = boot::MacAddress::parse("52:54:00:12:34:56").value();
    BOOST_TEST(base::to_hex(boot::build_router_solicit(mac)) ==
               "8500000000000000"
               "0101525400123456");
}

BOOST_AUTO_TEST_SUITE_END()
