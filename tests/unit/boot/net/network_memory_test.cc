// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/net/network_memory.h"

#include "base/endian.h"
#include "base/fd.h"
#include "boot/dhcp/dhcp_message.h"
#include "boot/net/network_handover.h"
#include "support/temp_dir.h"
#include "support/test.h"

namespace {

using boot::DhcpCode;

boot::Subnet net(const char* text) {
    return boot::Subnet::parse(text).value();
}

/// As a server acknowledges it.
boot::Lease granted(const char* address, base::seconds duration, base::TimePoint when) {
    boot::DhcpMessage message;
    message.reply = true;
    message.type = boot::DhcpType::kAck;
    message.chaddr = {{0x52, 0x54, 0, 0x12, 0x34, 0x56}};
    message.yiaddr = boot::IpAddress::parse(address).value();
    const boot::IpAddress server = boot::IpAddress::parse("192.0.2.1").value();
    message.add(DhcpCode::kServerId, server.bytes());
    message.add(DhcpCode::kSubnetMask, boot::IpAddress::from_v4(0xFFFFFF00).bytes());
    message.add(DhcpCode::kLeaseTime,
                base::bytes_of(base::be32(static_cast<uint32_t>(duration.count()))));
    message.add(DhcpCode::kRootPath, base::bytes_of(std::string_view("nvme+tcp://192.0.2.1")));
    boot::Lease lease = boot::lease_of(message).value();
    lease.message = boot::build_dhcp(message);
    lease.granted = when;
    return lease;
}

boot::Interface wire(const char* name, std::initializer_list<const char*> addresses) {
    boot::Interface interface;
    interface.name = name;
    for (const char* address : addresses) {
        interface.addresses.push_back(net(address));
    }
    return interface;
}

struct Machine {
    support::TempDir dir;
    base::SysPaths sys;
    Machine() { sys.run = dir.folder("run"); }

    void remember(const boot::Interface& interface) const {
        boot::Network network;
        network.interfaces = {interface};
        BOOST_REQUIRE(boot::remember(network, sys).ok());
    }
    [[nodiscard]] boot::Interface recall(boot::Interface found) const {
        boot::Network network;
        network.interfaces = {std::move(found)};
        boot::recall(network, sys);
        return network.interfaces.front();
    }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(network_memory)

BOOST_AUTO_TEST_CASE(
    a_second_run_knows_the_lease_of_the_first_whatever_the_interface_is_called_now) {
    const Machine machine;
    const base::TimePoint then{base::seconds(12)};
    boot::Interface first = wire("eth0", {"192.0.2.7/24", "fe80::1/64"});
    first.lease = granted("192.0.2.7", base::seconds(3600), then);
    first.dns = {boot::IpAddress::parse("192.0.2.53").value()};
    machine.remember(first);

    const boot::Interface second = machine.recall(wire("enp0s2", {"192.0.2.7/24", "fe80::1/64"}));
    BOOST_REQUIRE(second.lease.has_value());
    BOOST_TEST(second.lease->address.text() == "192.0.2.7/24");
    BOOST_TEST(second.lease->duration.count() == 3600);
    BOOST_TEST(second.lease->root_path == "nvme+tcp://192.0.2.1");
    BOOST_TEST(second.lease->granted == then);
    BOOST_TEST(second.dns.size() == 1U);
    BOOST_TEST(!second.router_given);
    boot::Network network;
    network.interfaces = {second};
    BOOST_TEST(boot::network_files(network).front().text.find("DHCP=ipv4") != std::string::npos);

    // …and a third what the second noted.
    machine.remember(second);
    BOOST_TEST(machine.recall(wire("eth0", {"192.0.2.7/24"})).lease.has_value());
}

BOOST_AUTO_TEST_CASE(addresses_of_a_router_are_not_pinned_by_a_second_run) {
    const Machine machine;
    boot::Interface first = wire("eth0", {"2001:db8::5054:ff:fe12:3456/64", "fe80::1/64"});
    first.router_given = true;
    first.dhcp6.emplace();
    first.dhcp6->lease =
        boot::Lease6{.address = boot::IpAddress::parse("2001:db8::5054:ff:fe12:3456").value()};
    machine.remember(first);
    const boot::Interface second =
        machine.recall(wire("eth0", {"2001:db8::5054:ff:fe12:3456/64", "fe80::1/64"}));
    BOOST_TEST(second.router_given);
    BOOST_TEST((second.dhcp6 && second.dhcp6->lease));
    boot::Network network;
    network.interfaces = {second};
    const std::string text = boot::network_files(network).front().text;
    BOOST_TEST(text.find("IPv6AcceptRA=yes") != std::string::npos, text);
    BOOST_TEST(text.find("Address=2001") == std::string::npos, text);
}

BOOST_AUTO_TEST_CASE(another_address_or_interface_is_not_taken_for_the_noted_one) {
    const Machine machine;
    boot::Interface first = wire("eth0", {"192.0.2.7/24", "fe80::1/64"});
    first.lease = granted("192.0.2.7", base::seconds(3600), {});
    first.router_given = true;
    machine.remember(first);
    for (const auto& addresses : {std::initializer_list<const char*>{"192.0.2.8/24"},
                                  std::initializer_list<const char*>{"fe80::1/64"}}) {
        const boot::Interface other = machine.recall(wire("eth0", addresses));
        BOOST_TEST(!other.lease.has_value());
        BOOST_TEST(!other.router_given);
    }
}

BOOST_AUTO_TEST_CASE(this_runs_own_lease_stands) {
    const Machine machine;
    boot::Interface first = wire("eth0", {"192.0.2.7/24"});
    first.lease = granted("192.0.2.7", base::seconds(3600), {});
    machine.remember(first);
    boot::Interface second = wire("eth0", {"192.0.2.7/24"});
    second.lease = granted("192.0.2.7", base::seconds(60), {});
    BOOST_TEST(machine.recall(second).lease->duration.count() == 60);
}

BOOST_AUTO_TEST_CASE(an_expired_lease_is_reported) {
    const Machine machine;
    const base::TimePoint then{base::seconds(100)};
    boot::Interface first = wire("eth0", {"192.0.2.7/24"});
    first.lease = granted("192.0.2.7", base::seconds(60), then);
    machine.remember(first);
    BOOST_TEST(boot::ended_leases(machine.sys, then + base::seconds(59)).empty());
    const auto ended = boot::ended_leases(machine.sys, then + base::seconds(60));
    BOOST_REQUIRE(ended.size() == 1U);
    BOOST_TEST(ended.front().text() == "192.0.2.7/24");
}

BOOST_AUTO_TEST_CASE(a_note_that_cannot_be_read_is_as_good_as_none) {
    const Machine machine;
    machine.dir.file("run/nvmeroot/network/eth0",
                     "ADDRESS=192.0.2.7/24\nLEASE=02zz\nGRANTED=x\nDNS=\nnonsense\n");
    BOOST_TEST(!machine.recall(wire("eth0", {"192.0.2.7/24"})).lease.has_value());
    BOOST_TEST(boot::ended_leases(machine.sys, {}).empty());
}

BOOST_AUTO_TEST_SUITE_END()
