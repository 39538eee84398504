// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/net/address_settings.h"

#include "boot/net/network_options.h"
#include "support/test.h"

using boot::IpAddress;
using boot::NetworkPlan;
using boot::Route;
using boot::Subnet;

namespace {

IpAddress ip(const char* text) {
    return IpAddress::parse(text).value();
}

Route route(const char* destination, const char* gateway) {
    return {Subnet::parse(destination).value(),
            *gateway == '\0' ? std::nullopt : std::optional(ip(gateway))};
}

NetworkPlan plan_of(std::initializer_list<std::pair<const char*, const char*>> words) {
    NetworkPlan plan;
    for (const auto& [key, value] : words) {
        BOOST_REQUIRE(boot::apply_network_option(plan, key, value).ok());
    }
    return plan;
}

boot::Lease lease() {
    boot::Lease lease;
    lease.address = Subnet::parse("10.0.2.20/24").value();
    lease.routes = {route("0.0.0.0/0", "10.0.2.2"), route("192.0.2.1", "")};
    lease.dns = {ip("10.0.2.53")};
    lease.mtu = 1400;
    return lease;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(address_settings)

BOOST_AUTO_TEST_CASE(a_static_plan_gives_address_broadcast_and_default_route) {
    const auto plan = plan_of({{"ip", "10.0.2.15::10.0.2.2:24::eth0:none:1400"}});
    const auto settings = boot::settings_of(plan.interfaces[0]);
    BOOST_TEST(settings.address->text() == "10.0.2.15/24");
    BOOST_TEST(settings.broadcast->text() == "10.0.2.255");
    BOOST_TEST(settings.routes == std::vector{route("0.0.0.0/0", "10.0.2.2")});
    BOOST_TEST(settings.mtu.value() == 1400U);
    const auto v6 = plan_of({{"ip", "[2001:db8::10]::[fe80::1]:64::eth0:none"}});
    BOOST_TEST(
        (boot::settings_of(v6.interfaces[0]).routes == std::vector{route("::/0", "fe80::1")}));
}

BOOST_AUTO_TEST_CASE(a_lease_gives_routes_on_the_link_first) {
    const auto settings = boot::settings_of({}, lease());
    BOOST_TEST(
        (settings.routes == std::vector{route("192.0.2.1", ""), route("0.0.0.0/0", "10.0.2.2")}));
    BOOST_TEST(settings.broadcast->text() == "10.0.2.255");
    BOOST_TEST(settings.mtu.value() == 1400U);
}

BOOST_AUTO_TEST_CASE(what_the_plan_says_goes_before_the_lease) {
    const auto plan = plan_of({{"ip", "::10.0.2.9:::eth0:dhcp:1300"}});
    const auto settings = boot::settings_of(plan.interfaces[0], lease());
    BOOST_TEST(
        (settings.routes == std::vector{route("192.0.2.1", ""), route("0.0.0.0/0", "10.0.2.9")}));
    BOOST_TEST(settings.mtu.value() == 1300U);
}

BOOST_AUTO_TEST_CASE(defaults_of_the_plan_fill_in_what_an_interface_lacks) {
    BOOST_TEST(boot::interface_plans(NetworkPlan()).size() == 1U);
    BOOST_TEST(boot::interface_plans(plan_of({{"ip", "off"}})).empty());

    auto plan =
        plan_of({{"ip", "dhcp"}, {"ip", "eth1:dhcp:1300"}, {"BOOTIF", "52:54:00:12:34:56"}});
    plan.mtu = 1400;
    auto plans = boot::interface_plans(plan);
    BOOST_TEST(plans[0].match_mac->text() == "52:54:00:12:34:56");
    BOOST_TEST(plans[0].mtu.value() == 1400U);
    BOOST_TEST(!plans[1].match_mac.has_value());
    BOOST_TEST(plans[1].mtu.value() == 1300U);

    plan.interface = "eth7";
    plans = boot::interface_plans(plan);
    BOOST_TEST(plans[0].name == "eth7");
    BOOST_TEST(!plans[0].match_mac.has_value());
    plan.interface.clear();
    plan.ignore_bootif = true;
    BOOST_TEST(!boot::interface_plans(plan)[0].match_mac.has_value());
}

BOOST_AUTO_TEST_CASE(bootdev_goes_before_the_order_of_the_words) {
    const auto names = [](std::initializer_list<std::pair<const char*, const char*>> words) {
        std::string text;
        for (const auto& one : boot::interface_plans(plan_of(words))) {
            text += one.name + (one.match_mac ? "@" + one.match_mac->text() : "") + " ";
        }
        return text;
    };
    BOOST_TEST(names({{"ip", "eth0:dhcp"}, {"ip", "eth1:dhcp"}, {"ip", "eth2:dhcp"}}) ==
               "eth0 eth1 eth2 ");
    BOOST_TEST(names({{"ip", "eth0:dhcp"}, {"ip", "eth1:dhcp"}, {"bootdev", "eth1"}}) ==
               "eth1 eth0 ");
    BOOST_TEST(names({{"ip", "dhcp"}, {"bootdev", "eth1"}, {"BOOTIF", "52:54:00:12:34:56"}}) ==
               "eth1 ");
    BOOST_TEST(names({{"bootdev", "eth1"}}) == "eth1 ");
    BOOST_TEST(names({{"ip", "dhcp"},
                      {"ip", "eth1:dhcp"},
                      {"bootdev", "eth1"},
                      {"BOOTIF", "52:54:00:12:34:56"}}) == "eth1 @52:54:00:12:34:56 ");
}

BOOST_AUTO_TEST_CASE(gateways_outside_of_the_network_are_on_the_link) {
    const Subnet address = Subnet::parse("10.0.2.15/24").value();
    BOOST_TEST(!boot::is_onlink(route("0.0.0.0/0", "10.0.2.2"), address));
    BOOST_TEST(boot::is_onlink(route("0.0.0.0/0", "10.9.9.9"), address));
    BOOST_TEST(!boot::is_onlink(route("0.0.0.0/0", ""), address));
    BOOST_TEST(!boot::is_onlink(route("::/0", "fe80::1"), Subnet::parse("2001:db8::1/64").value()));
}

BOOST_AUTO_TEST_CASE(routes_find_their_interface_by_name_or_gateway) {
    boot::Link eth0;
    eth0.index = 2;
    eth0.name = "eth0";
    boot::Link eth1 = eth0;
    eth1.index = 3;
    eth1.name = "eth1";
    const std::vector<boot::LinkAddress> addresses = {
        {3, Subnet::parse("10.0.2.15/24").value(), false, false}};
    const auto find = [&](const char* value) {
        const auto plan = plan_of({{"rd.route", value}});
        return boot::interface_of(plan.routes[0], {eth0, eth1}, addresses);
    };
    BOOST_TEST(find("192.0.2.0/24:10.0.2.2") == 3);
    BOOST_TEST(find("192.0.2.0/24:10.0.2.2:eth0") == 2);
    BOOST_TEST(find("192.0.2.0/24:10.9.9.9") == 0);
    BOOST_TEST(find("192.0.2.0/24::eth9") == 0);
}

BOOST_AUTO_TEST_SUITE_END()
