// SPDX-License-Identifier: GPL-2.0-or-later
//
// The planned network: the input of network.h, filled from the command line by
// network_options.h and from the [network] section of the ini file.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "boot/dhcp/ip_address.h"
#include "boot/net/bond_options.h"

namespace boot {

inline constexpr uint32_t kMinMtu = 68;  // RFC 791, section 3.2
inline constexpr uint32_t kMaxMtu = 65535;

enum class AddressMethod {
    kStatic,     // the address given, or none at all: then the link is only brought up
    kDhcp,       // DHCPv4
    kLinkLocal,  // the IPv6 address that the interface gives itself
    kAuto6,      // what a router advertises: SLAAC, or DHCPv6 where it says so
    kDhcp6,      // DHCPv6
    kEither6,    // SLAAC or DHCPv6, whichever gives an address first
};

/// A network device made of others: a word vlan=, bond= or bridge=.
struct DevicePlan {
    enum class Kind { kVlan, kBond, kBridge };
    Kind kind = Kind::kVlan;
    std::string name;
    /// Its ports, by name; a VLAN has exactly one, or `parent_mac`.
    std::vector<std::string> ports;
    std::optional<MacAddress> parent_mac;
    uint16_t vlan_id = 0;
    std::vector<BondOption> bond_options;
    std::string primary;  ///< the bond's preferred port; empty: none
    std::optional<uint32_t> mtu;

    bool operator==(const DevicePlan&) const = default;
};

/// A word ifname=: the interface with this Ethernet address is to be called so.
struct NamePlan {
    std::string name;
    MacAddress mac;

    bool operator==(const NamePlan&) const = default;
};

/// One ip= value: what to do with one interface. Several may name the same interface.
struct InterfacePlan {
    AddressMethod method = AddressMethod::kDhcp;
    /// Which interface: by name, by `match_mac` or by `match_driver`. None of them: any Ethernet
    /// interface, and the first that has a carrier (kStatic) or gets an address (the others) is
    /// taken.
    std::string name;
    std::optional<MacAddress> match_mac;
    /// Any interface of this driver: `virtio_net`.
    std::string match_driver;

    /// kStatic: the address to set. kDhcp: the address to ask the server for.
    std::optional<Subnet> address;
    /// The other end of a point-to-point link.
    std::optional<IpAddress> peer;
    std::optional<IpAddress> gateway;
    std::vector<IpAddress> dns;
    /// Sent to the DHCP server.
    std::string hostname;
    /// Bytes; absent: NetworkPlan::mtu, then the DHCP server's, then what the interface has.
    std::optional<uint32_t> mtu;
    /// The Ethernet address to give to the interface before it is brought up.
    std::optional<MacAddress> set_mac;

    bool operator==(const InterfacePlan&) const = default;
};

/// One rd.route= value.
struct RoutePlan {
    Subnet destination;
    std::optional<IpAddress> gateway;
    /// Empty: the interface whose network contains the gateway.
    std::string interface;
};

struct NetworkPlan {
    /// Empty: an interface that has an address already is taken as it is, otherwise DHCP is tried
    /// on all.
    std::vector<InterfacePlan> interfaces;
    std::vector<DevicePlan> devices;
    std::vector<NamePlan> names;
    std::vector<RoutePlan> routes;
    std::vector<IpAddress> dns;
    /// rd.peerdns=0: name servers that DHCP or a router names do not count.
    bool ignore_peer_dns = false;
    /// ip=off: the network is used as it is found.
    bool off = false;
    /// Values for those `interfaces` that say nothing of their own; `interface` as in ip=.
    std::string interface;
    /// bootdev=: where there are several, the interface whose routes are preferred and whose lease
    /// tells where the root is.
    std::string bootdev;
    std::optional<MacAddress> bootif;
    /// rd.bootif=0: the boot loader's BOOTIF= does not count.
    bool ignore_bootif = false;
    std::optional<uint32_t> mtu;
    /// The DHCP server must be asked even where an address exists, since the root comes from its
    /// root-path option.
    bool need_lease = false;

    /// Errors in words that were ignored because the root does not need them: a sentence each.
    std::vector<std::string> left_out;

    /// Addresses of an earlier run whose lease has ended: taken away first, wherever they are.
    std::vector<Subnet> ended_leases;

    /// For an interface to appear, and again for its carrier.
    base::milliseconds carrier_timeout = base::seconds(10);
    base::milliseconds dhcp_timeout = base::seconds(30);
};

}  // namespace boot
