// SPDX-License-Identifier: GPL-2.0-or-later
//
// The network when it is up: its interfaces, and the origin of their addresses.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "boot/dhcp/dhcp6_message.h"
#include "boot/dhcp/ip_address.h"
#include "boot/dhcp/lease.h"
#include "boot/dhcp/route.h"
#include "boot/net/network_plan.h"

namespace boot {

/// An interface that is ready for connections.
struct Interface {
    std::string name;
    int index = 0;
    MacAddress mac;
    std::optional<MacAddress> permanent_mac;  ///< if the driver reports it
    uint32_t mtu = 0;
    bool mtu_given = false;  ///< by command line, file or DHCP
    /// A bond, bridge or VLAN rather than hardware.
    bool made = false;
    /// The IPv6 addresses come, or will come, from a router or a DHCPv6 server.
    bool router_given = false;
    /// DHCPv4 was requested and not awaited.
    bool dhcp_pending = false;
    std::vector<Subnet> addresses;
    std::vector<Route> routes;
    std::vector<IpAddress> dns;
    std::optional<Lease> lease;
    std::optional<Dhcp6Answer> dhcp6;
};

struct Network {
    std::vector<Interface> interfaces;
    /// Warnings: an interface of several that did not come up, a DHCP server's MTU that the
    /// interface refuses. One sentence each, for the log.
    std::vector<std::string> warnings;
};

/// Whether the present network is sufficient; runs in a process of its own.
using IsEnough = std::function<base::Status(const Network&)>;

}  // namespace boot
