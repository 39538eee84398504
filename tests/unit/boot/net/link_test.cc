// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/net/link.h"

#include "support/test.h"

using boot::InterfacePlan;
using boot::Link;
using boot::MacAddress;

namespace {

const MacAddress kMac = MacAddress::parse("52:54:00:12:34:56").value();

Link link(int index, const char* name, const char* kind = "") {
    Link result;
    result.index = index;
    result.name = name;
    result.kind = kind;
    result.ethernet = true;
    return result;
}

std::vector<Link> machine() {
    std::vector<Link> links = {
        link(1, "lo"),   link(2, "eth0"),          link(3, "eth1"), link(4, "br0", "bridge"),
        link(5, "eth2"), link(6, "wire0", "veth"), link(7, "ib0"),  link(8, "dummy0", "dummy")};
    links[0].loopback = true;
    links[0].ethernet = false;
    links[1].driver = "virtio_net";
    links[2].driver = "e1000e";
    links[4].driver = "e1000e";
    links[2].mac = kMac;
    links[3].mac = kMac;
    links[4].enslaved = true;
    links[6].ethernet = false;
    return links;
}

std::string names(const InterfacePlan& plan) {
    std::string text;
    for (const Link& match : boot::matching_links(machine(), plan)) {
        text += match.name + " ";
    }
    return text;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(link_choice)

BOOST_AUTO_TEST_CASE(any_interface_means_ethernet_ports_and_wires) {
    BOOST_TEST(names(InterfacePlan()) == "eth0 eth1 wire0 ");
}

BOOST_AUTO_TEST_CASE(a_name_means_that_interface_of_whatever_kind) {
    InterfacePlan plan;
    plan.name = "dummy0";
    BOOST_TEST(names(plan) == "dummy0 ");
    plan.name = "eth9";
    BOOST_TEST(names(plan) == "");
}

BOOST_AUTO_TEST_CASE(a_driver_means_its_ports_that_are_free) {
    InterfacePlan plan;
    plan.match_driver = "e1000e";
    BOOST_TEST(names(plan) == "eth1 ");
    plan.match_driver = "ice";
    BOOST_TEST(names(plan) == "");
    BOOST_TEST(boot::describe_missing(machine(), plan)
                   .starts_with("no interface of the driver ice; there is only eth0 "
                                "(00:00:00:00:00:00, virtio_net), "));
}

BOOST_AUTO_TEST_CASE(an_ethernet_address_means_the_port_and_not_the_bridge_over_it) {
    InterfacePlan plan;
    plan.match_mac = kMac;
    BOOST_TEST(names(plan) == "eth1 ");
    std::vector<Link> links = machine();
    links[2].mac = MacAddress();
    links[2].permanent_mac = kMac;
    BOOST_TEST(boot::matching_links(links, plan).size() == 1U);
}

BOOST_AUTO_TEST_CASE(missing_interfaces_are_listed_with_the_existing_ones) {
    InterfacePlan plan;
    plan.name = "enp1s0";
    const std::vector<Link> links = {machine()[0], machine()[2]};
    BOOST_TEST(boot::describe_missing(links, plan) ==
               "no interface enp1s0; there is only eth1 (52:54:00:12:34:56, e1000e)");
    BOOST_TEST(boot::describe_missing({machine()[0]}, InterfacePlan()) ==
               "no Ethernet interface; there is no interface: is its driver in the image?");
}

BOOST_AUTO_TEST_CASE(link_local_addresses_do_not_make_an_interface_configured) {
    boot::NetworkState state;
    state.links = machine();
    const auto add = [&](int index, const char* subnet) {
        state.addresses.push_back({index, boot::Subnet::parse(subnet).value(), false, false});
    };
    add(2, "fe80::1/64");
    add(2, "169.254.1.1/16");
    add(3, "10.0.2.15/24");
    BOOST_TEST(!state.has_given_address(2, true));
    BOOST_TEST(!state.has_given_address(2, false));
    BOOST_TEST(state.has_given_address(3, false));
    BOOST_TEST(!state.has_given_address(3, true));
    BOOST_TEST(state.find(3)->name == "eth1");
    BOOST_TEST(state.find(9) == nullptr);
    BOOST_TEST(state.find(2, boot::IpAddress::parse("10.0.2.15").value()) == nullptr);
}

BOOST_AUTO_TEST_SUITE_END()
