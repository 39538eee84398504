// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/reach/path_interfaces.h"

#include "support/test.h"

namespace {

using boot::Portal;

boot::Network network() {
    boot::Network network;
    for (const char* name : {"eth0", "eth1"}) {
        boot::Interface interface;
        interface.name = name;
        interface.mac = boot::MacAddress::parse("52:54:00:12:34:56").value();
        interface.mac.octets[5] = static_cast<uint8_t>(name[3]);
        network.interfaces.push_back(std::move(interface));
    }
    return network;
}

Portal path(const std::string& address, const std::string& interface) {
    return {address, 4420, "NBFT", false, "10.0.2.15", interface};
}

/// `ADDRESS from SOURCE by INTERFACE` of each.
std::string named(std::vector<Portal> portals, std::string& warnings) {
    boot::name_interfaces(network(), portals,
                          [&](const std::string& text) { warnings += text + "\n"; });
    std::string text;
    for (const Portal& portal : portals) {
        text += portal.address + " from " + portal.source + " by " + portal.interface + "\n";
    }
    return text;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(path_interfaces)

BOOST_AUTO_TEST_CASE(an_ethernet_address_becomes_a_name) {
    std::string warnings;
    BOOST_TEST(named({path("10.0.2.2", "52-54-00-12-34-30"), path("fe80::2", "52-54-00-12-34-31"),
                      path("10.0.2.2", "nbft1.7")},
                     warnings) ==
               "10.0.2.2 from 10.0.2.15 by eth0\n"
               "fe80::2%eth1 from 10.0.2.15 by eth1\n"
               "10.0.2.2 from 10.0.2.15 by nbft1.7\n");
    BOOST_TEST(warnings == "");
}

BOOST_AUTO_TEST_CASE(a_path_by_an_interface_that_did_not_come_up_is_left_out) {
    std::string warnings;
    BOOST_TEST(named({path("10.0.2.2", "52-54-00-12-34-99"), path("10.0.2.2", "52-54-00-12-34-31")},
                     warnings) == "10.0.2.2 from 10.0.2.15 by eth1\n");
    BOOST_TEST(warnings ==
               "no interface with the Ethernet address 52-54-00-12-34-99 came up, continuing "
               "without its path to 10.0.2.2:4420\n");
}

BOOST_AUTO_TEST_CASE(where_none_came_up_the_route_decides) {
    std::string warnings;
    BOOST_TEST(named({path("10.0.2.2", "52-54-00-12-34-99")}, warnings) == "10.0.2.2 from  by \n");
    BOOST_TEST(warnings == "");
}

BOOST_AUTO_TEST_SUITE_END()
