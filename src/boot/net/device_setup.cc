// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/net/device_setup.h"

#include <linux/if_link.h>

#include <algorithm>

namespace boot {
namespace {

using Kind = DevicePlan::Kind;

const Link* find_name(const NetworkState& network, const std::string& name) {
    const auto link = std::ranges::find(network.links, name, &Link::name);
    return link == network.links.end() ? nullptr : &*link;
}

/// The first part of a device that is there.
const Link* find_port(const NetworkState& network, const DevicePlan& plan) {
    if (!plan.parent_mac) {
        const auto port = std::ranges::find_if(
            plan.ports, [&](const std::string& name) { return find_name(network, name); });
        return port == plan.ports.end() ? nullptr : find_name(network, *port);
    }
    const auto link = std::ranges::find_if(network.links, [&](const Link& each) {
        return each.kind != "vlan" &&  // those on top of it have its address too
               each.permanent_mac.value_or(each.mac) == *plan.parent_mac;
    });
    return link == network.links.end() ? nullptr : &*link;
}

std::string kind_name(Kind kind) {
    switch (kind) {
        case Kind::kVlan:
            return "vlan";
        case Kind::kBond:
            return "bond";
        case Kind::kBridge:
            break;
    }
    return "bridge";
}

/// The request for a device whose first part is `port`.
NewLink request_of(const DevicePlan& plan, const Link& port) {
    NewLink request;
    request.name = plan.name;
    request.kind = kind_name(plan.kind);
    request.mtu = plan.mtu;
    switch (plan.kind) {
        case Kind::kVlan:
            request.parent = port.index;
            request.vlan_id = plan.vlan_id;
            break;
        case Kind::kBond:
            request.bond_options = plan.bond_options;
            break;
        case Kind::kBridge:
            // Otherwise it would change with each port, and a lease is bound to it.
            request.mac = port.mac;
            break;
    }
    return request;
}

}  // namespace

bool DeviceSetup::step(Rtnetlink& kernel, const NetworkState& network) {
    if (give_names(kernel, network)) {
        return true;  // the ports of what follows may have got their names only now
    }
    bool changed = false;
    for (const DevicePlan& plan : devices_) {
        changed = make(kernel, network, plan) || changed;
    }
    return changed;
}

bool DeviceSetup::give_names(Rtnetlink& kernel, const NetworkState& network) {
    for (const NamePlan& plan : names_) {
        const auto link = std::ranges::find_if(network.links, [&](const Link& each) {
            return (is_candidate(each) || each.enslaved) &&
                   each.permanent_mac.value_or(each.mac) == plan.mac;
        });
        if (link == network.links.end() || link->name == plan.name || has_failed(plan.name)) {
            continue;
        }
        auto status = link->up ? kernel.set_up(link->index, false) : base::done();
        if (status) {
            status = kernel.rename(link->index, plan.name);
        }
        note(plan.name, status);
        return true;
    }
    return false;
}

bool DeviceSetup::make(Rtnetlink& kernel, const NetworkState& network, const DevicePlan& plan) {
    if (const Link* device = find_name(network, plan.name)) {
        return plan.kind != Kind::kVlan && add_ports(kernel, network, plan, *device);
    }
    const Link* first = find_port(network, plan);
    if (first == nullptr || has_failed(plan.name)) {
        return false;
    }
    // A VLAN cannot be up on a parent that is down.
    auto status = plan.kind == Kind::kVlan ? kernel.set_up(first->index, true) : base::done();
    if (status) {
        status = kernel.add_link(request_of(plan, *first));
    }
    note(plan.name, status);
    return status.ok();
}

bool DeviceSetup::add_ports(Rtnetlink& kernel, const NetworkState& network, const DevicePlan& plan,
                            const Link& device) {
    bool changed = false;
    for (const std::string& name : plan.ports) {
        const Link* port = find_name(network, name);
        if (port != nullptr && !port->enslaved && !has_failed(name)) {
            changed = add_port(kernel, plan, device, *port) || changed;
        }
    }
    return changed;
}

bool DeviceSetup::add_port(Rtnetlink& kernel, const DevicePlan& plan, const Link& device,
                           const Link& port) {
    auto status = port.up ? kernel.set_up(port.index, false) : base::done();
    if (status) {
        status = kernel.set_master(port.index, device.index);
    }
    if (status && port.name == plan.primary) {
        const auto index = static_cast<uint32_t>(port.index);
        const base::ByteView bytes = std::as_bytes(std::span(&index, 1));
        status = kernel.set_bond_option(
            device.index, {IFLA_BOND_PRIMARY, base::Bytes(bytes.begin(), bytes.end())});
    }
    if (status) {
        status = kernel.set_up(port.index, true);
    }
    note(port.name, status);
    return status.ok();
}

void DeviceSetup::note(const std::string& what, const base::Status& status) {
    if (!status) {
        given_up_.push_back(what);
        failures_.push_back(what + ": " + status.error().text);
    }
}

bool DeviceSetup::has_failed(const std::string& what) const {
    return std::ranges::find(given_up_, what) != given_up_.end();
}

}  // namespace boot
