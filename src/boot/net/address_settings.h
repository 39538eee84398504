// SPDX-License-Identifier: GPL-2.0-or-later
//
// What one interface is to be given, worked out from the plan alone or from the plan and a lease.
#pragma once

#include <optional>
#include <vector>

#include "boot/dhcp/lease.h"
#include "boot/net/network_plan.h"
#include "boot/net/rtnetlink.h"

namespace boot {

struct AddressSettings {
    std::optional<Subnet> address;
    std::optional<IpAddress> peer;
    std::optional<IpAddress> broadcast;
    /// Those without a gateway first, since others may need them.
    std::vector<Route> routes;
    std::vector<IpAddress> dns;
    std::optional<uint32_t> mtu;
};

/// For a static plan.
AddressSettings settings_of(const InterfacePlan& plan);

/// For a lease. What the plan says itself goes before what the server says.
AddressSettings settings_of(const InterfacePlan& plan, const Lease& lease);

/// The plan's interfaces with the defaults of the plan filled in, the most preferred one first;
/// DHCP on any interface where it names none, and nothing at all where the network is to be left
/// alone.
std::vector<InterfacePlan> interface_plans(const NetworkPlan& plan);

/// Whether the kernel must be told that the gateway is on the link, since it lies outside of the
/// interface's own network.
bool is_onlink(const Route& route, const std::optional<Subnet>& address);

/// The interface that a route of the plan belongs to: the one it names, or one whose network
/// contains the gateway. @return its index, or 0 where there is none
int interface_of(const RoutePlan& route, const std::vector<Link>& links,
                 const std::vector<LinkAddress>& addresses);

}  // namespace boot
