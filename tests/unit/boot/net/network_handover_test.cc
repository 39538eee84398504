// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/net/network_handover.h"

#include "support/temp_dir.h"
#include "support/test.h"

namespace {

boot::IpAddress ip(const char* text) {
    return boot::IpAddress::parse(text).value();
}
boot::Subnet net(const char* text) {
    return boot::Subnet::parse(text).value();
}

boot::Interface wire() {
    boot::Interface interface;
    interface.name = "eth0";
    interface.mac = {{0x52, 0x54, 0, 0xaa, 0xbb, 0xcc}};
    interface.permanent_mac = boot::MacAddress{{0x52, 0x54, 0, 0x12, 0x34, 0x56}};
    interface.mtu = 1500;
    return interface;
}

boot::Interface leased() {
    boot::Interface interface = wire();
    interface.addresses = {net("192.0.2.20/24"), net("fe80::1/64")};
    interface.routes = {{net("0.0.0.0/0"), ip("192.0.2.1")}};
    interface.dns = {ip("192.0.2.53")};
    interface.lease = boot::Lease();
    interface.lease->address = net("192.0.2.20/24");
    interface.lease->server = ip("192.0.2.1");
    interface.lease->duration = base::seconds(3600);
    interface.lease->hostname = "pc7";
    interface.lease->domain = "example.org";
    interface.lease->root_path = "nvme+tcp://x/$(reboot)'";
    return interface;
}

std::string text_of(const boot::Interface& interface, std::string_view path) {
    boot::Network network;
    network.interfaces = {interface};
    for (const boot::HandoverFile& file : boot::network_files(network)) {
        if (file.path == path) {
            return file.text;
        }
    }
    return {};
}

std::string networkd(const boot::Interface& interface) {
    return text_of(interface, "/systemd/network/05-nvmeroot-" + interface.name + ".network");
}
std::string manager(const boot::Interface& interface) {
    return text_of(interface, "/NetworkManager/system-connections/nvmeroot-" + interface.name +
                                  ".nmconnection");
}

void check_lines(const std::string& text, std::initializer_list<const char*> lines) {
    for (const char* line : lines) {
        BOOST_TEST(text.find(std::string("\n") + line + "\n") != std::string::npos,
                   line << " is not in\n"
                        << text);
    }
}

void check_absent(const std::string& text, std::initializer_list<const char*> parts) {
    for (const char* part : parts) {
        BOOST_TEST(text.find(part) == std::string::npos, part << " is in\n" << text);
    }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(network_handover)

BOOST_AUTO_TEST_CASE(networkmanager_learns_the_running_profile) {
    boot::Interface interface = leased();
    interface.index = 7;
    check_lines(text_of(interface, "/NetworkManager/devices/7"),
                {"managed=true", "connection-uuid=6e766d65-726f-4f74-8000-525400123456"});
    BOOST_TEST(text_of(interface, "/NetworkManager/conf.d/nvmeroot.conf").empty());
}

BOOST_AUTO_TEST_CASE(a_lease_continues_under_the_same_identity) {
    const std::string unit = networkd(leased());
    check_lines(unit,
                {"PermanentMACAddress=52:54:00:12:34:56", "KeepConfiguration=yes", "DHCP=ipv4",
                 "ClientIdentifier=mac", "SendRelease=no", "IPv6AcceptRA=no", "DNS=192.0.2.53"});
    check_absent(unit, {"Address=192", "[Route]", "[DHCPv6]", "MTUBytes"});
    const std::string profile = manager(leased());
    check_lines(profile, {"mac-address=52:54:00:12:34:56", "method=auto", "dhcp-client-id=mac",
                          "uuid=6e766d65-726f-4f74-8000-525400123456", "method=link-local"});
    check_absent(profile, {"address1", "route1"});
}

BOOST_AUTO_TEST_CASE(given_addresses_and_routes_stay) {
    boot::Interface interface = wire();
    interface.addresses = {net("192.0.2.10/24"), net("2001:db8::10/64"), net("fe80::1/64")};
    interface.routes = {{net("0.0.0.0/0"), ip("192.0.2.1")}, {net("203.0.113.0/24"), std::nullopt}};
    interface.dns = {ip("192.0.2.53"), ip("2001:db8::53")};
    interface.mtu = 9000;
    interface.mtu_given = true;
    check_lines(networkd(interface),
                {"DHCP=no", "Address=192.0.2.10/24", "Address=2001:db8::10/64",
                 "Destination=0.0.0.0/0", "Gateway=192.0.2.1", "Scope=link", "MTUBytes=9000"});
    check_absent(networkd(interface), {"fe80", "[DHCPv4]"});
    check_lines(manager(interface),
                {"method=manual", "address1=192.0.2.10/24", "address1=2001:db8::10/64",
                 "route1=0.0.0.0/0,192.0.2.1", "route2=203.0.113.0/24", "dns=192.0.2.53;",
                 "dns=2001:db8::53;", "mtu=9000"});
}

BOOST_AUTO_TEST_CASE(a_driver_that_does_not_tell_its_address_is_known_by_the_one_it_has) {
    boot::Interface interface = leased();
    interface.permanent_mac.reset();
    check_lines(networkd(interface), {"MACAddress=52:54:00:aa:bb:cc"});
    check_lines(manager(interface), {"interface-name=eth0"});
    check_absent(manager(interface), {"mac-address"});
}

BOOST_AUTO_TEST_CASE(what_a_router_gave_is_left_to_the_router) {
    boot::Interface interface = wire();
    interface.router_given = true;
    interface.addresses = {net("2001:db8::77/128"), net("fe80::1/64")};
    check_lines(networkd(interface), {"DHCP=no", "IPv6AcceptRA=yes"});
    interface.dhcp6 = boot::Dhcp6Answer();
    interface.dhcp6->lease = boot::Lease6{ip("2001:db8::77"), {}, {}, {}, {}};
    check_lines(networkd(interface),
                {"DHCP=ipv6", "IPv6AcceptRA=yes", "DUIDType=link-layer", "IAID=11189196"});
    check_absent(networkd(interface), {"Address=2001"});
    check_lines(manager(interface), {"method=disabled", "method=auto", "dhcp-duid=ll"});
}

BOOST_AUTO_TEST_CASE(a_bond_is_kept_by_its_name_and_not_managed_again) {
    boot::Interface interface = leased();
    interface.name = "bond0";
    interface.made = true;
    check_lines(networkd(interface), {"Name=bond0", "KeepConfiguration=yes"});
    BOOST_TEST(manager(interface).empty());
    check_lines(text_of(interface, "/NetworkManager/conf.d/nvmeroot.conf"),
                {"unmanaged-devices=interface-name:bond0;"});
    check_absent(text_of(interface, "/NetworkManager/conf.d/nvmeroot.conf"),
                 {"keep-configuration"});
}

BOOST_AUTO_TEST_CASE(shells_may_source_the_file_of_klibc) {
    const std::string text = "\n" + text_of(leased(), "/net-eth0.conf");
    check_lines(text, {"DEVICE='eth0'", "PROTO='dhcp'", "IPV4ADDR='192.0.2.20'",
                       "IPV4NETMASK='255.255.255.0'", "IPV4BROADCAST='192.0.2.255'",
                       "IPV4GATEWAY='192.0.2.1'", "IPV4DNS0='192.0.2.53'", "HOSTNAME='pc7'",
                       "DNSDOMAIN='example.org'", "ROOTPATH=''"});
    BOOST_TEST(text_of(leased(), "/nvmeroot/resolv.conf") ==
               "search example.org\nnameserver 192.0.2.53\n");
}

BOOST_AUTO_TEST_CASE(the_files_lie_below_run) {
    const support::TempDir dir;
    base::SysPaths sys;
    sys.run = dir.path();
    boot::Network network;
    network.interfaces = {leased()};
    BOOST_REQUIRE(boot::write_network_files(network, sys).ok());
    BOOST_TEST(dir.exists("systemd/network/05-nvmeroot-eth0.network"));
    BOOST_TEST(dir.exists("net-eth0.conf"));
    BOOST_TEST(!dir.exists("systemd/system"));  // its presence says that systemd is running
}

BOOST_AUTO_TEST_SUITE_END()
