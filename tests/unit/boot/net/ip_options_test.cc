// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/net/ip_options.h"

#include "boot/net/network_options.h"
#include "support/test.h"

using boot::AddressMethod;
using boot::InterfacePlan;
using boot::NetworkPlan;

namespace {

/// The plan on one line: method name address peer gateway hostname mtu mac dns, "-" for nothing.
std::string text_of(const InterfacePlan& plan) {
    constexpr const char* kMethods[] = {"static", "dhcp", "link", "auto6", "dhcp6", "either6"};
    std::string text = kMethods[static_cast<size_t>(plan.method)];
    const auto add = [&](const std::string& part) { text += " " + (part.empty() ? "-" : part); };
    add(plan.match_driver.empty() ? plan.name : "@" + plan.match_driver);
    add(plan.address ? plan.address->text() : "");
    add(plan.peer ? plan.peer->text() : "");
    add(plan.gateway ? plan.gateway->text() : "");
    add(plan.hostname);
    add(plan.mtu ? std::to_string(*plan.mtu) : "");
    add(plan.set_mac ? plan.set_mac->text() : "");
    for (const auto& server : plan.dns) {
        add(server.text());
    }
    return text;
}

struct Good {
    const char* value;
    const char* plan;
};
const Good kGood[] = {
    {"dhcp", "dhcp - - - - - - -"},
    {"on", "dhcp - - - - - - -"},
    {"any", "dhcp - - - - - - -"},
    {"single-dhcp", "dhcp - - - - - - -"},
    {"", "dhcp - - - - - - -"},
    {"all", "dhcp - - - - - - -"},
    {"dhcp4", "dhcp - - - - - - -"},
    {"dhcp,on", "dhcp - - - - - - -"},
    {"eth0:dhcp", "dhcp eth0 - - - - - -"},
    {"eth0:dhcp:1400", "dhcp eth0 - - - - 1400 -"},
    {"eth0:dhcp:9000:52:54:00:12:34:56", "dhcp eth0 - - - - 9000 52:54:00:12:34:56"},
    {"eth0:on::52:54:00:12:34:56", "dhcp eth0 - - - - - 52:54:00:12:34:56"},
    {"eth0:dhcp::52-54-00-12-34-56", "dhcp eth0 - - - - - 52:54:00:12:34:56"},
    {"eth0:none", "static eth0 - - - - - -"},
    {"@virtio_net:dhcp", "dhcp @virtio_net - - - - - -"},
    {"10.0.2.15::10.0.2.2:24::@e1000e:none", "static @e1000e 10.0.2.15/24 - 10.0.2.2 - - -"},
    {"eth0:any", "dhcp eth0 - - - - - -"},
    {"eth0:link6", "link eth0 - - - - - -"},
    {"eth0:off", "static eth0 - - - - - -"},
    {":::::eth0:on", "dhcp eth0 - - - - - -"},
    {":::::eth0:any", "dhcp eth0 - - - - - -"},
    {":::::eth0:dhcp6", "dhcp6 eth0 - - - - - -"},
    {":::::eth0:either6", "either6 eth0 - - - - - -"},
    {":::::eth0:link6", "link eth0 - - - - - -"},
    {"dhcp6", "dhcp6 - - - - - - -"},
    {"auto6", "auto6 - - - - - - -"},
    {"either6", "either6 - - - - - - -"},
    {"link6", "link - - - - - - -"},
    {"link-local", "link - - - - - - -"},
    {"eth0:auto6", "auto6 eth0 - - - - - -"},
    {"eth0:dhcp6:1400", "dhcp6 eth0 - - - - 1400 -"},
    {"eth0:either6::52:54:00:12:34:56", "either6 eth0 - - - - - 52:54:00:12:34:56"},
    {"bond0.5:link6", "link bond0.5 - - - - - -"},
    {"::::pc7:eth0:dhcp6", "dhcp6 eth0 - - - pc7 - -"},
    {":::::eth0:auto6:1400", "auto6 eth0 - - - - 1400 -"},
    {":::::eth0:auto6:[2001:db8::53]", "auto6 eth0 - - - - - - 2001:db8::53"},
    {":::::eth0:dhcp", "dhcp eth0 - - - - - -"},
    {"::::pc7:eth0:dhcp", "dhcp eth0 - - - pc7 - -"},
    {":::::eth0", "dhcp eth0 - - - - - -"},
    {"10.0.2.15::10.0.2.2:255.255.255.0::eth0:none", "static eth0 10.0.2.15/24 - 10.0.2.2 - - -"},
    {"10.0.2.15::10.0.2.2:24:pc7.example:eth0:off",
     "static eth0 10.0.2.15/24 - 10.0.2.2 pc7.example - -"},
    {"10.0.2.15:10.9.9.9:10.0.2.2:255.255.255.0:pc7:eth0:off:10.0.2.3:10.0.2.4:10.0.2.5",
     "static eth0 10.0.2.15/24 - 10.0.2.2 pc7 - - 10.0.2.3 10.0.2.4"},
    {"10.0.2.15::0.0.0.0:255.255.255.0::eth0:none", "static eth0 10.0.2.15/24 - - - - -"},
    {"10.0.2.15:10.0.2.2::32::eth0:none", "static eth0 10.0.2.15/32 10.0.2.2 - - - -"},
    {"10.0.2.15", "static - 10.0.2.15/8 - - - - -"},
    {"172.16.0.9:::::eth0", "static eth0 172.16.0.9/16 - - - - -"},
    {"10.0.2.15::10.0.2.2:24::eth0:none:1400", "static eth0 10.0.2.15/24 - 10.0.2.2 - 1400 -"},
    {"10.0.2.15::10.0.2.2:24::eth0:none:1400:52:54:00:12:34:56",
     "static eth0 10.0.2.15/24 - 10.0.2.2 - 1400 52:54:00:12:34:56"},
    {"10.0.2.15::10.0.2.2:24::eth0:none::52:54:00:12:34:56",
     "static eth0 10.0.2.15/24 - 10.0.2.2 - - 52:54:00:12:34:56"},
    {"10.0.2.15::10.0.2.2:24::eth0:none:", "static eth0 10.0.2.15/24 - 10.0.2.2 - - -"},
    {"10.0.2.15::10.0.2.2:24::eth0:none::10.0.2.3",
     "static eth0 10.0.2.15/24 - 10.0.2.2 - - - 10.0.2.3"},
    {"10.0.2.15::10.0.2.2:24::eth0:none:[2001:db8::53]",
     "static eth0 10.0.2.15/24 - 10.0.2.2 - - - 2001:db8::53"},
    {"10.0.2.15::::pc7:eth0:dhcp", "dhcp eth0 10.0.2.15/8 - - pc7 - -"},
    {"[2001:db8::10]::[2001:db8::1]:64::eth0:none",
     "static eth0 2001:db8::10/64 - 2001:db8::1 - - -"},
    {"[2001:db8::10]::[fe80::1]:::eth0:none", "static eth0 2001:db8::10/64 - fe80::1 - - -"},
    // as NetworkManager takes them
    {"10.0.2.15/24::10.0.2.2:::eth0:none", "static eth0 10.0.2.15/24 - 10.0.2.2 - - -"},
    {"10.0.2.15/24::10.0.2.2:255.255.0.0::eth0:none", "static eth0 10.0.2.15/16 - 10.0.2.2 - - -"},
    {"[2001:db8::10/56]:::::eth0:none", "static eth0 2001:db8::10/56 - - - - -"},
    {"[2001:db8::10]/56:::::eth0:none", "static eth0 2001:db8::10/56 - - - - -"},
    {"eth0:dhcp:10.0.2.3:10.0.2.4", "dhcp eth0 - - - - - - 10.0.2.3 10.0.2.4"},
    {"eth0:dhcp6:[2001:db8::53]", "dhcp6 eth0 - - - - - - 2001:db8::53"},
    // dracut's peer with the length of the link
    {"10.0.2.15:10.9.9.9/24:10.9.9.9:255.255.255.255::eth0:none",
     "static eth0 10.0.2.15/24 10.9.9.9 10.9.9.9 - - -"},
    {"[2001:db8::5]:[2001:db8::9/64]::128::eth0:none",
     "static eth0 2001:db8::5/64 2001:db8::9 - - - -"},
    {"10.0.2.15:[2001:db8::9/64]::24::eth0:none", "static eth0 10.0.2.15/24 - - - - -"},
    // a boot loader's variables that are not set
    {"0.0.0.0:0.0.0.0:0.0.0.0:255.255.255.0:pc7:eth0:dhcp", "dhcp eth0 - - - pc7 - -"},
    {"0.0.0.0", "dhcp - - - - - - -"},
};

struct Bad {
    const char* key;
    const char* value;
    const char* part;  // what the error must name
};
const Bad kBad[] = {
    {"ip", "10.0.2.256::10.0.2.2:24::eth0:none", "client: not an IP address"},
    {"ip", "255.255.255.255::10.0.2.2:24::eth0:none", "client: no host can have"},
    {"ip", "10.0.2.15::gw:24::eth0:none", "gateway: not an IP address"},
    {"ip", "10.0.2.15::[2001:db8::1]:24::eth0:none", "not of the client's family"},
    {"ip", "10.0.2.15/33::10.0.2.2:::eth0:none", "client: not a netmask or prefix length"},
    {"ip", "0.0.0.0:::255.255.255.0::eth0:off", "client: a static address is missing"},
    {"ip", "10.0.2.15::10.0.2.2:255.0.255.0::eth0:none", "netmask: not a netmask"},
    {"ip", "10.0.2.15::10.0.2.2:33::eth0:none", "netmask: not a netmask or prefix length"},
    {"ip", "10.0.2.15::10.0.2.2:24::eth0/1:none", "not an interface name"},
    {"ip", "10.0.2.15::10.0.2.2:24::interface0name16:none", "not an interface name"},
    {"ip", "[2001:db8::10]::[2001:db8::1]:64::eth0:dhcp", "dhcp gives IPv4"},
    {"ip", "[2001:db8::10::eth0:none", "bracket"},
    {"ip", "2001:db8::10", "client: not an IP address"},
    {"ip", "2001:db8::10:::64::eth0:none", "IPv6 addresses must be in square brackets"},
    {"ip", "static", "a static address is missing; write ip=ADDRESS::GATEWAY"},
    {"ip", "eth0:static", "client: a static address is missing"},
    {"ip", ":::::eth0:static", "client: a static address is missing"},
    {"ip", "::10.0.2.2:24::eth0:none", "client: a static address is missing"},
    {"ip", ":::255.255.255.0::eth0:off", "client: a static address is missing"},
    {"ip", "eth0:dhcp,static", "client: a static address is missing"},
    {"nameserver", "dns.example", "nameserver=\"dns.example\": not an IP address"},
    {"rd.route", "10.0.0.0/8", "not DESTINATION:GATEWAY"},
    {"rd.route", "10.0.0.0/8:10.0.2.2:eth0:x", "not DESTINATION:GATEWAY"},
    {"rd.route", "10.0.0.0/x:10.0.2.2", "destination"},
    {"rd.route", "10.0.0.0/8:gw", "gateway"},
    {"rd.route", "10.0.0.0/8:[2001:db8::1]", "not of the same family"},
    {"rd.route", "10.0.0.0/8::", "neither gateway nor interface"},
    {"BOOTIF", "20-52-54-00-12-34-56", "the hardware type \"20\" is not that of Ethernet"},
    {"BOOTIF", "06-52-54-00-12-34-56", "the hardware type \"06\""},
    {"BOOTIF", "20-00-00-00-00-00-00-00-00", "not an Ethernet address"},
    {"BOOTIF", "01-", "not an Ethernet address"},
    {"BOOTIF", "", "not an Ethernet address"},
    {"rd.bootif", "maybe", "maybe"},
    {"rd.peerdns", "maybe", "maybe"},
    {"ifname", "boot0", "not NAME:MAC"},
    {"ifname", "boot0:52:54:00:12:34", "not an Ethernet address"},
    {"vlan", "vlan5", "not NAME:INTERFACE"},
    {"vlan", "vlan:eth0", "must end with the VLAN's number"},
    {"vlan", "vlan0:eth0", "must end with the VLAN's number"},
    {"vlan", "vlan4095:eth0", "must end with the VLAN's number"},
    {"vlan", "eth0.5:eth0.5", "a part of itself"},
    {"bond", "bond0:eth0:mode", "not OPTION=VALUE"},
    {"bond", "bond0:eth0:mode=balance", "mode: \"balance\" is not one of: balance-rr"},
    {"bond", "bond0:eth0:mode=7", "mode"},
    {"bond", "bond0:eth0:miimon=x", "not a number in the valid range"},
    {"bond", "bond0:eth0:arp_ip_target=[2001:db8::1]", "arp_ip_target"},
    {"bond", "bond0:eth0,bond0", "a part of itself"},
    {"bond", "bond0:eth0:mode=1:1500:x", "too many fields"},
    {"bridge", "br0:eth0:x", "too many fields"},
    {"bridge", "br0:eth0/1", "not an interface name"},
    {"team", "team0:eth0,eth1", "use bond= instead"},
    {"ip", "@:dhcp", "not a driver's name"},
    {"ip", "@e1000/e:dhcp", "not a driver's name"},
    {"bootdev", "eth0/1", "not an interface name"},
    {"rd.neednet", "maybe", "maybe"},
    {"rd.net.timeout.ifup", "soon", "soon"},
    {"rd.net.timeout.never", "1", "unknown word"},
    {"rd.net.dhcp.vendor-class", "pxe", "sends no vendor class"},
};

/// Others chose the word: what the root does not need is left out and told.
struct Odd {
    const char* value;
    const char* plan;
    const char* part;  // of the error
};
const Odd kOdd[] = {
    {"10.0.2.15::10.0.2.2:24:a b:eth0:none", "static eth0 10.0.2.15/24 - 10.0.2.2 - - -",
     "not a host name: \"a b\""},
    {"::::pc7!:eth0:dhcp", "dhcp eth0 - - - - - -", "not a host name"},
    {"bootp", "dhcp - - - - - - -", "\"bootp\" is not supported"},
    {"eth0:rarp", "dhcp eth0 - - - - - -", "\"rarp\" is not supported"},
    {"eth0:dchp", "dhcp eth0 - - - - - -", "not a method"},
    {"eth0:dhcp,dchp6", "dhcp eth0 - - - - - -", "not a method (dhcp, none, …): \"dchp6\""},
    {"dhcp,", "dhcp - - - - - - -", "not a method"},
    {":::::eth0:both", "dhcp eth0 - - - - - -", "\"both\" is not supported"},
    {"10.0.2.15::10.0.2.2:24::eth0:nonne", "static eth0 10.0.2.15/24 - 10.0.2.2 - - -",
     "not a method"},
    {"10.0.2.15:nfs:10.0.2.2:24::eth0:none", "static eth0 10.0.2.15/24 - 10.0.2.2 - - -",
     "peer: not an IP address"},
    {"10.0.2.15:10.9.9.9/x::24::eth0:none", "static eth0 10.0.2.15/24 - - - - -",
     "peer: not a netmask or prefix length"},
    {"10.0.2.15:nfs", "static - 10.0.2.15/8 - - - - -", "peer: not an IP address"},
    {"10.0.2.15::10.0.2.2:24::eth0:none:70000", "static eth0 10.0.2.15/24 - 10.0.2.2 - - -", "MTU"},
    {"eth0:dhcp:67", "dhcp eth0 - - - - - -", "MTU: not an MTU"},
    {"eth0:dhcp:dns", "dhcp eth0 - - - - - -", "MTU: not an MTU"},
    {"eth0:dhcp:1500:52:54:00", "dhcp eth0 - - - - 1500 -", "Ethernet address"},
    {"eth0:dhcp:10.0.2.3:x", "dhcp eth0 - - - - - - 10.0.2.3", "second DNS server"},
    {"10.0.2.15::10.0.2.2:24::eth0:none:dns", "static eth0 10.0.2.15/24 - 10.0.2.2 - - -",
     "first DNS server"},
    {"10.0.2.15::10.0.2.2:24::eth0:none:dns:10.0.2.4",
     "static eth0 10.0.2.15/24 - 10.0.2.2 - - - 10.0.2.4", "first DNS server"},
    {"10.0.2.15::10.0.2.2:24::eth0:none:10.0.2.3:x",
     "static eth0 10.0.2.15/24 - 10.0.2.2 - - - 10.0.2.3", "second DNS server"},
    {"10.0.2.15::10.0.2.2:24::eth0:none::::10.0.2.3", "static eth0 10.0.2.15/24 - 10.0.2.2 - - -",
     "too many fields"},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(ip_options)

BOOST_AUTO_TEST_CASE(what_is_wrong_in_ip_and_not_needed_is_left_out) {
    for (const Odd& odd : kOdd) {
        NetworkPlan plan;
        const auto applied = boot::apply_network_option(plan, "ip", odd.value);
        BOOST_REQUIRE_MESSAGE(applied.ok(), odd.value);
        BOOST_REQUIRE_MESSAGE(plan.interfaces.size() == 1U, odd.value);
        BOOST_TEST(text_of(plan.interfaces[0]) == odd.plan, odd.value);
        BOOST_REQUIRE_MESSAGE(plan.left_out.size() == 1U, odd.value);
        BOOST_TEST(plan.left_out[0].find(odd.part) != std::string::npos, plan.left_out[0]);
        BOOST_TEST(plan.left_out[0].starts_with("ip=\""), plan.left_out[0]);
    }
}

BOOST_AUTO_TEST_CASE(a_bond_is_made_without_what_is_odd_of_it) {
    const std::pair<const char*, const char*> odd[] = {
        {"bond0:eth0:mod=1,mode=1", "unknown bond option: \"mod\""},
        {"bond0:eth0:primary=eth1", "eth1 is not a port of the bond"},
        {"bond0:eth0:mode=1:67", "MTU: not an MTU"},
    };
    for (const auto& [value, part] : odd) {
        NetworkPlan plan;
        BOOST_REQUIRE_MESSAGE(boot::apply_network_option(plan, "bond", value).ok(), value);
        BOOST_REQUIRE_MESSAGE(plan.devices.size() == 1U, value);
        BOOST_TEST((!plan.devices[0].mtu && plan.devices[0].primary.empty()), value);
        BOOST_REQUIRE_MESSAGE(plan.left_out.size() == 1U, value);
        BOOST_TEST(plan.left_out[0].find(part) != std::string::npos, plan.left_out[0]);
    }
}

BOOST_AUTO_TEST_CASE(nobody_looks_at_the_address_of_a_time_server) {
    NetworkPlan plan;
    BOOST_REQUIRE(
        boot::apply_network_option(plan, "ip", "10.0.2.15:::24::eth0:none:10.0.2.3::ntp").ok());
    BOOST_TEST(plan.left_out.empty());
    BOOST_TEST(plan.interfaces[0].dns.size() == 1U);
}

BOOST_AUTO_TEST_CASE(every_form_of_ip_is_understood) {
    for (const Good& row : kGood) {
        NetworkPlan plan;
        const auto status = boot::apply_network_option(plan, "ip", row.value);
        BOOST_REQUIRE_MESSAGE(status.ok(), (status ? "" : status.error().text));
        BOOST_REQUIRE_MESSAGE(plan.interfaces.size() == 1, row.value);
        BOOST_TEST(text_of(plan.interfaces[0]) == row.plan, row.value);
    }
}

BOOST_AUTO_TEST_CASE(each_method_of_a_list_becomes_a_plan) {
    struct List {
        const char* value;
        std::vector<std::string> plans;
    };
    const List lists[] = {
        {"dhcp,dhcp6", {"dhcp - - - - - - -", "dhcp6 - - - - - - -"}},
        {"eth0:dhcp,dhcp6", {"dhcp eth0 - - - - - -", "dhcp6 eth0 - - - - - -"}},
        {"auto", {"dhcp - - - - - - -", "auto6 - - - - - - -"}},
        {"eth0:auto,dhcp:1400", {"dhcp eth0 - - - - 1400 -", "auto6 eth0 - - - - 1400 -"}},
        {"eth0:dhcp6,dhcp:1400", {"dhcp6 eth0 - - - - 1400 -", "dhcp eth0 - - - - 1400 -"}},
        {"::::pc7:eth0:on,auto6", {"dhcp eth0 - - - pc7 - -", "auto6 eth0 - - - pc7 - -"}},
        {"10.0.2.15::10.0.2.2:24::eth0:none,either6",
         {"static eth0 10.0.2.15/24 - 10.0.2.2 - - -", "either6 eth0 - - - - - -"}},
        {"[2001:db8::5]:::64::eth0:none,dhcp",
         {"static eth0 2001:db8::5/64 - - - - -", "dhcp eth0 - - - - - -"}},
    };
    for (const List& list : lists) {
        std::vector<std::string> odd;
        const auto plans = boot::parse_ip(list.value, odd);
        BOOST_TEST(odd.empty());
        BOOST_REQUIRE_MESSAGE(plans.ok(), list.value);
        std::vector<std::string> texts;
        for (const InterfacePlan& plan : *plans) {
            texts.push_back(text_of(plan));
        }
        BOOST_TEST(texts == list.plans, boost::test_tools::per_element());
    }
}

BOOST_AUTO_TEST_CASE(a_word_is_needed_where_an_address_is_put_on_what_it_describes) {
    NetworkPlan plan;
    for (const char* value : {"bond7.5:dhcp", "eth0:dhcp"}) {
        BOOST_REQUIRE(boot::apply_network_option(plan, "ip", value).ok());
    }
    BOOST_REQUIRE(boot::apply_network_option(plan, "vlan", "bond7.5:bond7").ok());
    BOOST_TEST(boot::needs_option(plan, "ip", "eth1:dchp"));
    BOOST_TEST(boot::needs_option(plan, "vlan", "bond7.5:x/y"));
    BOOST_TEST(boot::needs_option(plan, "bond", "bond7:eth1:mode=x"));
    BOOST_TEST(boot::needs_option(plan, "ifname", "eth0:52:54"));
    BOOST_TEST(!boot::needs_option(plan, "team", "team0:eth1,eth2"));
    BOOST_TEST(!boot::needs_option(plan, "bond", "bond8:eth1:mode=x"));
    for (const char* word : {"team", "bond", "ifname"}) {
        BOOST_TEST(!boot::needs_option(plan, word, ""), word);
        BOOST_TEST(!boot::needs_option(plan, word, ":eth1:mode=x"), word);
    }
    BOOST_TEST(!boot::needs_option(plan, "nameserver", "eth0"));
    BOOST_TEST(!boot::needs_option(plan, "rd.net.dns", "x"));
}

BOOST_AUTO_TEST_CASE(a_switch_alone_means_yes) {
    for (const char* key : {"rd.neednet", "rd.bootif", "rd.peerdns"}) {
        NetworkPlan plan;
        BOOST_TEST(boot::may_stand_alone(key), key);
        BOOST_TEST(boot::apply_network_option(plan, key, "").ok(), key);
        BOOST_TEST(!plan.ignore_bootif);
        BOOST_TEST(!plan.ignore_peer_dns);
    }
    BOOST_TEST(!boot::may_stand_alone("BOOTIF"));
}

BOOST_AUTO_TEST_CASE(errors_name_the_part_and_leave_the_plan_alone) {
    for (const Bad& row : kBad) {
        NetworkPlan plan;
        const auto status = boot::apply_network_option(plan, row.key, row.value);
        BOOST_REQUIRE_MESSAGE(!status.ok(), row.value);
        const std::string& text = status.error().text;
        BOOST_TEST(text.find(row.part) != std::string::npos, text << " lacks " << row.part);
        BOOST_TEST(text.starts_with(row.key), text);
        BOOST_TEST(plan.interfaces.empty());
        BOOST_TEST(plan.routes.empty());
    }
}

BOOST_AUTO_TEST_CASE(the_other_words_of_dracut_are_known) {
    NetworkPlan plan;
    const std::pair<const char*, const char*> words[] = {
        {"rd.neednet", "1"},
        {"rd.net.timeout.ifup", "20"},
        {"rd.net.timeout.route", "20"},
        {"rd.net.timeout.ipv6dad", "50"},
        {"rd.net.dhcp.retry", "3"},
        {"rd.net.timeout.ipv6auto", "40"},
        {"bootdev", "eth1"},
    };
    for (const auto& [key, value] : words) {
        BOOST_TEST(boot::is_network_option(key), key);
        BOOST_TEST(boot::apply_network_option(plan, key, value).ok(), key);
    }
    BOOST_TEST(plan.bootdev == "eth1");
}

BOOST_AUTO_TEST_CASE(off_means_the_network_is_used_as_found) {
    for (const char* value : {"off", "none", "::::::none"}) {
        NetworkPlan plan;
        BOOST_REQUIRE(boot::apply_network_option(plan, "ip", value).ok());
        BOOST_TEST(plan.off);
        BOOST_TEST(plan.interfaces.empty());
    }
}

struct GoodDevice {
    const char* key;
    const char* value;
    const char* name;
    const char* ports;  // with commas
    unsigned vlan;
    size_t bond_options;  // the one to watch the links among them
};
const GoodDevice kGoodDevices[] = {
    {"vlan", "vlan0005:eth0", "vlan0005", "eth0", 5, 0},
    {"vlan", "vlan5:eth0", "vlan5", "eth0", 5, 0},
    {"vlan", "eth0.0005:eth0", "eth0.0005", "eth0", 5, 0},
    {"vlan", "eth0.4094:eth0", "eth0.4094", "eth0", 4094, 0},
    {"bond", "", "bond0", "eth0,eth1", 0, 2},
    {"bond", "bond1", "bond1", "eth0,eth1", 0, 2},
    {"bond", "bond0:eth2,eth3", "bond0", "eth2,eth3", 0, 2},
    {"bond", "bond0:eth0,eth1:mode=802.3ad,lacp_rate=fast,xmit_hash_policy=layer3+4,miimon=50:9000",
     "bond0", "eth0,eth1", 0, 4},
    {"bond", "bond0:eth0,eth1:mode=1,arp_interval=100,arp_ip_target=192.0.2.1;192.0.2.2", "bond0",
     "eth0,eth1", 0, 3},
    {"bond", "bond0:eth0,eth1:mode=active-backup,primary=eth1", "bond0", "eth0,eth1", 0, 2},
    {"bridge", "", "br0", "eth0", 0, 0},
    {"bridge", "br1:eth0,eth1,eth0", "br1", "eth0,eth1", 0, 0},
};

BOOST_AUTO_TEST_CASE(every_form_of_a_device_is_understood) {
    for (const GoodDevice& row : kGoodDevices) {
        NetworkPlan plan;
        const auto status = boot::apply_network_option(plan, row.key, row.value);
        BOOST_REQUIRE_MESSAGE(status.ok(), (status ? "" : status.error().text));
        BOOST_REQUIRE(plan.devices.size() == 1U);
        const boot::DevicePlan& device = plan.devices[0];
        std::string ports;
        for (const std::string& port : device.ports) {
            ports += (ports.empty() ? "" : ",") + port;
        }
        BOOST_TEST(device.name == row.name, row.value);
        BOOST_TEST(ports == row.ports, row.value);
        BOOST_TEST(device.vlan_id == row.vlan, row.value);
        BOOST_TEST(device.bond_options.size() == row.bond_options, row.value);
    }
}

BOOST_AUTO_TEST_CASE(a_device_or_a_name_is_given_once) {
    NetworkPlan plan;
    const auto apply = [&](const char* key, const char* value) {
        return boot::apply_network_option(plan, key, value).ok();
    };
    BOOST_TEST(apply("bond", "bond0:eth0,eth1"));
    BOOST_TEST(apply("bond", "bond0:eth0,eth1"));
    BOOST_TEST(!apply("bridge", "bond0:eth0"));
    BOOST_TEST(apply("ifname", "san0:52:54:00:12:34:56"));
    BOOST_TEST(apply("ifname", "san0:52:54:00:12:34:56"));
    BOOST_TEST(!apply("ifname", "san0:52:54:00:12:34:57"));
    BOOST_TEST(!apply("ifname", "san1:52:54:00:12:34:56"));
    BOOST_TEST(plan.devices.size() == 1U);
    BOOST_TEST(plan.names.size() == 1U);
}

BOOST_AUTO_TEST_CASE(the_words_of_a_bond_become_the_kernels_numbers) {
    const auto mode = boot::parse_bond_option("mode", "802.3ad").value();
    BOOST_TEST(mode.attribute == 1U);  // IFLA_BOND_MODE
    BOOST_TEST(mode.value == base::Bytes{std::byte{4}});
    BOOST_TEST(
        (boot::parse_bond_option("ad_select", "count").value().value == base::Bytes{std::byte{2}}));
    BOOST_TEST(boot::parse_bond_option("arp_validate", "all").value().value.size() == 4U);
    BOOST_TEST(boot::parse_bond_option("ad_user_port_key", "1023").value().value.size() == 2U);
    // Two nested attributes of four bytes each, in order.
    const auto targets = boot::parse_bond_option("arp_ip_target", "192.0.2.1;192.0.2.2").value();
    const base::Bytes wanted = {std::byte{8},   std::byte{0}, std::byte{0}, std::byte{0},
                                std::byte{192}, std::byte{0}, std::byte{2}, std::byte{1},
                                std::byte{8},   std::byte{0}, std::byte{1}, std::byte{0},
                                std::byte{192}, std::byte{0}, std::byte{2}, std::byte{2}};
    BOOST_TEST(targets.value == wanted);
}

BOOST_AUTO_TEST_CASE(repeated_values_add_up_and_equal_ones_count_once) {
    NetworkPlan plan;
    for (const char* value : {"eth0:dhcp", "eth1:dhcp", "eth0:dhcp"}) {
        BOOST_REQUIRE(boot::apply_network_option(plan, "ip", value).ok());
    }
    BOOST_TEST(plan.interfaces.size() == 2U);
}

BOOST_AUTO_TEST_CASE(routes_name_servers_and_the_boot_interface_are_understood) {
    NetworkPlan plan;
    const std::pair<const char*, const char*> words[] = {
        {"rd.route", "192.0.2.9/24:10.0.2.2"},
        {"rd.route", "192.0.2.0/255.255.255.0::ens3"},
        {"rd.route", "[2001:db8:3::/48]:[2001:db8:2::1]:ens10"},
        {"nameserver", "10.0.2.3"},
        {"nameserver", "[2001:db8::53]"},
        {"BOOTIF", "01-52-54-00-12-34-56"},
        {"rd.bootif", "0"},
    };
    for (const auto& [key, value] : words) {
        BOOST_TEST(boot::is_network_option(key));
        BOOST_REQUIRE(boot::apply_network_option(plan, key, value).ok());
    }
    BOOST_REQUIRE(plan.routes.size() == 3U);
    BOOST_TEST(plan.routes[0].destination.text() == "192.0.2.0/24");
    BOOST_TEST(plan.routes[0].gateway->text() == "10.0.2.2");
    BOOST_TEST(plan.routes[1].interface == "ens3");
    BOOST_TEST(!plan.routes[1].gateway.has_value());
    BOOST_TEST(plan.routes[2].destination.text() == "2001:db8:3::/48");
    BOOST_TEST(plan.routes[2].gateway->text() == "2001:db8:2::1");
    BOOST_TEST(plan.dns.size() == 2U);
    BOOST_TEST(plan.bootif->text() == "52:54:00:12:34:56");
    BOOST_TEST(plan.ignore_bootif);
    BOOST_TEST(!boot::is_network_option("bootif"));
}

BOOST_AUTO_TEST_SUITE_END()
