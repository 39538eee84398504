// SPDX-License-Identifier: GPL-2.0-or-later
//
// NetworkPlan in, a configured network out. Each interface of the plan is a small machine of its
// own (appear, carrier, lease, address, duplicate address detection), and all of them are driven by
// one loop, so that a dead interface does not delay a live one's packets. What exists already and
// is as wanted is left as it is; interface names are changed by ifname= alone.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "boot/dhcp6_message.h"
#include "boot/ip_address.h"
#include "boot/lease.h"
#include "boot/network_plan.h"
#include "boot/route.h"

namespace boot {

/// An interface that is ready for connections.
struct Interface {
    std::string name;
    int index = 0;
    MacAddress mac;
    std::optional<MacAddress> permanent_mac;  ///< where the driver tells
    uint32_t mtu = 0;
    bool mtu_given = false;  ///< by command line, file or DHCP
    /// A bond, bridge or VLAN rather than hardware.
    bool made = false;
    /// The IPv6 addresses are a router's or a DHCPv6 server's, or shall be.
    bool router_given = false;
    /// DHCPv4 was asked for and not awaited.
    bool dhcp_pending = false;
    std::vector<Subnet> addresses;
    std::vector<Route> routes;
    std::vector<IpAddress> dns;
    std::optional<Lease> lease;
    std::optional<Dhcp6Answer> dhcp6;
};

struct Network {
    std::vector<Interface> interfaces;
    /// What went wrong without stopping us: an interface of several that did not come up, a DHCP
    /// server's MTU that the interface refuses. One sentence each, for the log.
    std::vector<std::string> warnings;
};

/// Whether the network as it is will do; asked in a process of its own.
using IsEnough = std::function<base::Status(const Network&)>;

/// Brings the loopback and the plan's interfaces up, and returns when each of them is ready or has
/// failed. At least one must be ready; all failures are in the error otherwise.
/// @param deadline  the end of all waiting, whatever the plan's own timeouts say
/// @param is_enough  asked when an interface is ready by one of its methods and the others are all
///                   that is still awaited: they are not, if it says done; null: all are awaited
base::Result<Network> bring_up(const NetworkPlan& plan, base::Clock& clock, base::Deadline deadline,
                               const IsEnough& is_enough = nullptr);

}  // namespace boot
