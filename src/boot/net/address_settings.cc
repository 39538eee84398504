// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/net/address_settings.h"

#include <algorithm>

#include "boot/net/ip_options.h"

namespace boot {

namespace {

bool is_default(const Route& route) {
    return route.destination.prefix_length == 0;
}

void set_default_gateway(std::vector<Route>& routes, const std::optional<IpAddress>& gateway) {
    if (!gateway) {
        return;
    }
    std::erase_if(routes, is_default);
    Subnet everywhere;
    everywhere.address.v6 = gateway->v6;
    routes.push_back({everywhere, gateway});
}

/// If the plan makes devices, the one that is not part of another: the others are made for it.
/// Empty where there are several, or none.
std::string outermost_device(const NetworkPlan& plan) {
    std::string found;
    for (const DevicePlan& device : plan.devices) {
        const bool is_part = std::ranges::any_of(plan.devices, [&](const DevicePlan& other) {
            return std::ranges::find(other.ports, device.name) != other.ports.end();
        });
        if (!is_part && !found.empty()) {
            return {};
        }
        found = is_part ? found : device.name;
    }
    return found;
}

/// For an entry that says of no interface that it is meant.
void choose_interface(InterfacePlan& one, const NetworkPlan& plan) {
    const bool bootdev_is_free = std::ranges::find(plan.interfaces, plan.bootdev,
                                                   &InterfacePlan::name) == plan.interfaces.end();
    if (!plan.interface.empty()) {
        (void)set_interface(one, plan.interface);  // checked when it was given
        return;
    }
    one.name = bootdev_is_free ? plan.bootdev : std::string();
    if (one.name.empty()) {
        one.name = outermost_device(plan);
    }
    if (one.name.empty() && !plan.ignore_bootif) {
        one.match_mac = plan.bootif;
    }
}

}  // namespace

AddressSettings settings_of(const InterfacePlan& plan) {
    AddressSettings settings;
    settings.address = plan.address;
    settings.peer = plan.peer;
    if (plan.address && !plan.peer) {
        settings.broadcast = plan.address->broadcast();
    }
    set_default_gateway(settings.routes, plan.gateway);
    settings.dns = plan.dns;
    settings.mtu = plan.mtu;
    return settings;
}

AddressSettings settings_of(const InterfacePlan& plan, const Lease& lease) {
    AddressSettings settings;
    settings.address = lease.address;
    settings.broadcast = lease.broadcast ? lease.broadcast : lease.address.broadcast();
    settings.routes = lease.routes;
    set_default_gateway(settings.routes, plan.gateway);
    std::stable_partition(settings.routes.begin(), settings.routes.end(),
                          [](const Route& route) { return !route.gateway; });
    settings.dns = plan.dns;
    settings.dns.insert(settings.dns.end(), lease.dns.begin(), lease.dns.end());
    settings.mtu = plan.mtu ? plan.mtu : lease.mtu;
    return settings;
}

std::vector<InterfacePlan> interface_plans(const NetworkPlan& plan) {
    std::vector<InterfacePlan> plans = plan.interfaces;
    if (plans.empty() && !plan.off) {
        plans.emplace_back();
    }
    for (InterfacePlan& one : plans) {
        if (one.name.empty() && !one.match_mac && one.match_driver.empty()) {
            choose_interface(one, plan);
        }
        if (!one.mtu) {
            one.mtu = plan.mtu;
        }
    }
    std::stable_partition(plans.begin(), plans.end(), [&](const InterfacePlan& one) {
        return !one.name.empty() && one.name == plan.bootdev;
    });
    return plans;
}

bool is_onlink(const Route& route, const std::optional<Subnet>& address) {
    return route.gateway && !route.gateway->is_link_local() &&
           !(address && address->contains(*route.gateway));
}

int interface_of(const RoutePlan& route, const std::vector<Link>& links,
                 const std::vector<LinkAddress>& addresses) {
    if (!route.interface.empty()) {
        const auto link = std::ranges::find(links, route.interface, &Link::name);
        return link == links.end() ? 0 : link->index;
    }
    const auto near = std::ranges::find_if(addresses, [&](const LinkAddress& address) {
        return route.gateway && address.subnet.contains(*route.gateway);
    });
    return near == addresses.end() ? 0 : near->index;
}

}  // namespace boot
