// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/dhcp/ip_address.h"

#include "support/test.h"

using boot::IpAddress;
using boot::MacAddress;
using boot::Subnet;

BOOST_AUTO_TEST_SUITE(ip_address)

BOOST_AUTO_TEST_CASE(addresses_of_both_families_round_trip) {
    for (const char* text : {"192.0.2.10", "0.0.0.0", "2001:db8::1", "::", "fe80::1"}) {
        BOOST_TEST(IpAddress::parse(text).value().text() == text);
    }
    BOOST_TEST(IpAddress::parse("[2001:DB8::1]").value().text() == "2001:db8::1");
    BOOST_TEST(IpAddress::from_v4(0xC000020A).text() == "192.0.2.10");
    for (const char* bad : {"", "1.2.3", "1.2.3.4.5", "[1.2.3.4]", "[]", "fe80::1%eth0",
                            ":::", "256.0.0.1", "host", "[2001:db8::1"}) {
        BOOST_TEST(!IpAddress::parse(bad).ok(), bad);
    }
}

BOOST_AUTO_TEST_CASE(kinds_of_address_are_distinguished) {
    for (const char* host : {"10.0.0.1", "169.254.1.1", "2001:db8::1", "fe80::1"}) {
        BOOST_TEST(IpAddress::parse(host).value().is_host_address(), host);
    }
    for (const char* other :
         {"0.0.0.0", "127.0.0.1", "224.0.0.1", "255.255.255.255", "::", "::1", "ff02::1"}) {
        BOOST_TEST(!IpAddress::parse(other).value().is_host_address(), other);
    }
    BOOST_TEST(IpAddress::parse("169.254.1.1").value().is_link_local());
    BOOST_TEST(IpAddress::parse("febf::1").value().is_link_local());
    BOOST_TEST(!IpAddress::parse("fec0::1").value().is_link_local());
}

BOOST_AUTO_TEST_CASE(subnets_take_a_length_or_a_contiguous_netmask) {
    BOOST_TEST(Subnet::parse("10.1.2.3/255.255.252.0").value().text() == "10.1.2.3/22");
    BOOST_TEST(Subnet::parse("10.1.2.3/0.0.0.0").value().prefix_length == 0);
    BOOST_TEST(Subnet::parse("10.1.2.3").value().prefix_length == 32);
    BOOST_TEST(Subnet::parse("[2001:db8::1]/64").value().text() == "2001:db8::1/64");
    for (const char* bad :
         {"10.0.0.1/33", "10.0.0.1/", "10.0.0.1/255.0.255.0", "[::]/129", "/8", "[::]/255.0.0.0"}) {
        BOOST_TEST(!Subnet::parse(bad).ok(), bad);
    }
}

BOOST_AUTO_TEST_CASE(subnets_know_their_network) {
    const Subnet net = Subnet::parse("10.1.2.3/22").value();
    BOOST_TEST(net.network().text() == "10.1.0.0/22");
    BOOST_TEST(net.broadcast()->text() == "10.1.3.255");
    BOOST_TEST(net.contains(IpAddress::parse("10.1.3.9").value()));
    BOOST_TEST(!net.contains(IpAddress::parse("10.1.4.1").value()));
    BOOST_TEST(!net.contains(IpAddress::parse("::").value()));
    BOOST_TEST(Subnet::parse("2001:db8::ffff/65").value().network().text() == "2001:db8::/65");
    BOOST_TEST(!Subnet::parse("10.0.0.0/31").value().broadcast().has_value());
    BOOST_TEST(Subnet::parse("0.0.0.0/0").value().broadcast()->text() == "255.255.255.255");
}

BOOST_AUTO_TEST_CASE(implied_lengths_are_classful_or_64) {
    BOOST_TEST(boot::implied_prefix_length(IpAddress::parse("10.0.0.1").value()) == 8);
    BOOST_TEST(boot::implied_prefix_length(IpAddress::parse("172.16.0.1").value()) == 16);
    BOOST_TEST(boot::implied_prefix_length(IpAddress::parse("192.0.2.1").value()) == 24);
    BOOST_TEST(boot::implied_prefix_length(IpAddress::parse("::1").value()) == 64);
}

BOOST_AUTO_TEST_CASE(ethernet_addresses_have_six_pairs) {
    BOOST_TEST(MacAddress::parse("52:54:00:AB:cd:ef").value().text() == "52:54:00:ab:cd:ef");
    BOOST_TEST(MacAddress::parse("52-54-00-ab-cd-ef").value().text() == "52:54:00:ab:cd:ef");
    for (const char* bad : {"", "52:54:00:ab:cd", "52:54:00:ab:cd:ef:01", "5:54:00:ab:cd:ef",
                            "52:54-00:ab:cd:ef", "gg:54:00:ab:cd:ef"}) {
        BOOST_TEST(!MacAddress::parse(bad).ok(), bad);
    }
}

BOOST_AUTO_TEST_SUITE_END()
