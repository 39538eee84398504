// SPDX-License-Identifier: GPL-2.0-or-later
//
// The settings of one interface, derived from the plan alone or from the plan and a lease.
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
    /// Routes without a gateway first, because others may need them.
    std::vector<Route> routes;
    std::vector<IpAddress> dns;
    std::optional<uint32_t> mtu;
};

/// For a static plan.
AddressSettings settings_of(const InterfacePlan& plan);

/// For a lease. Values of the plan have precedence over values of the server.
AddressSettings settings_of(const InterfacePlan& plan, const Lease& lease);

/// The plan's interfaces with the defaults of the plan filled in, the preferred one first. DHCP on
/// any interface if the plan names none; empty if the network must not be changed.
std::vector<InterfacePlan> interface_plans(const NetworkPlan& plan);

/// Whether the route must mark the gateway as on-link, because it is outside of the interface's own
/// network.
bool is_onlink(const Route& route, const std::optional<Subnet>& address);

/// The interface of a route of the plan: the one that it names, or one whose network contains the
/// gateway. @return its index, or 0 if there is none
int interface_of(const RoutePlan& route, const std::vector<Link>& links,
                 const std::vector<LinkAddress>& addresses);

}  // namespace boot
