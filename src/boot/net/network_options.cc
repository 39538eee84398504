// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/net/network_options.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "base/text.h"
#include "boot/net/device_options.h"
#include "boot/net/ip_options.h"

namespace boot {

namespace {

base::Status apply_ip(NetworkPlan& plan, std::string_view value) {
    std::vector<std::string> odd;
    TRY(std::vector<InterfacePlan> interfaces, parse_ip(value, odd));
    plan.left_out.insert(plan.left_out.end(), odd.begin(), odd.end());
    for (InterfacePlan& interface : interfaces) {
        if (interface.method == AddressMethod::kStatic && !interface.address &&
            interface.name.empty()) {
            plan.off = true;
        } else if (std::ranges::find(plan.interfaces, interface) == plan.interfaces.end()) {
            plan.interfaces.push_back(std::move(interface));
        }
    }
    return base::done();
}

base::Status apply_nameserver(NetworkPlan& plan, std::string_view value) {
    TRY(const IpAddress server, IpAddress::parse(value));
    plan.dns.push_back(server);
    return base::done();
}

base::Result<Subnet> parse_destination(std::string_view text) {
    auto destination = parse_subnet(text);
    if (!destination) {
        return destination.error().in("destination");
    }
    return destination->network();
}

base::Status apply_route(NetworkPlan& plan, std::string_view value) {
    TRY(const std::vector<std::string_view> fields, split_fields(value));
    if (fields.size() < 2 || fields.size() > 3) {
        return base::error("not DESTINATION:GATEWAY[:INTERFACE]: " + base::quoted(value));
    }
    RoutePlan route;
    TRY(route.destination, parse_destination(fields[0]));
    if (!fields[1].empty()) {
        auto gateway = IpAddress::parse(fields[1]);
        if (!gateway) {
            return gateway.error().in("gateway");
        }
        if (gateway->v6 != route.destination.address.v6) {
            return base::error("gateway: " + gateway->text() + " is not of the same family");
        }
        route.gateway = *gateway;
    }
    if (fields.size() == 3 && !fields[2].empty()) {
        TRY(route.interface, parse_interface_name(fields[2]));
    }
    if (!route.gateway && route.interface.empty()) {
        return base::error("neither gateway nor interface");
    }
    plan.routes.push_back(std::move(route));
    return base::done();
}

/// PXELINUX puts the hardware type (01 is Ethernet) before the address.
base::Status apply_bootif(NetworkPlan& plan, std::string_view value) {
    constexpr size_t kPrefixed = sizeof("01-00-00-00-00-00-00") - 1;
    if (plan.ignore_bootif) {
        return base::done();
    }
    if (value.size() == kPrefixed && (value[2] == '-' || value[2] == ':')) {
        if (!value.starts_with("01")) {
            return base::error("the hardware type " + base::quoted(value.substr(0, 2)) +
                               " is not that of Ethernet (01)");
        }
        value.remove_prefix(3);
    }
    TRY(plan.bootif, MacAddress::parse(value));
    return base::done();
}

/// Alone, such a word means yes, as in dracut.
base::Result<bool> parse_switch(std::string_view value) {
    if (value.empty()) {
        return true;
    }
    return base::parse_bool(value);
}

base::Status apply_bootif_switch(NetworkPlan& plan, std::string_view value) {
    TRY(const bool use, parse_switch(value));
    plan.ignore_bootif = !use;
    return base::done();
}

base::Status apply_peer_dns(NetworkPlan& plan, std::string_view value) {
    TRY(const bool use, parse_switch(value));
    plan.ignore_peer_dns = !use;
    return base::done();
}

base::Status add_device(NetworkPlan& plan, base::Result<DevicePlan> device) {
    if (!device) {
        return std::move(device).error();
    }
    const auto same = std::ranges::find(plan.devices, device->name, &DevicePlan::name);
    if (same == plan.devices.end()) {
        plan.devices.push_back(std::move(*device));
    } else if (*same != *device) {
        return base::error(device->name + " has two different descriptions");
    }
    return base::done();
}

base::Status apply_ifname(NetworkPlan& plan, std::string_view value) {
    TRY(NamePlan name, parse_ifname(value));
    for (const NamePlan& other : plan.names) {
        if (other == name) {
            return base::done();
        }
        if (other.name == name.name || other.mac == name.mac) {
            return base::error("another word has given the name " + other.name + " to " +
                               other.mac.text());
        }
    }
    plan.names.push_back(std::move(name));
    return base::done();
}

base::Status refuse_team(NetworkPlan&, std::string_view) {
    return base::error("the kernel's team driver needs a daemon; use bond= instead");
}

base::Status apply_bootdev(NetworkPlan& plan, std::string_view value) {
    TRY(plan.bootdev, parse_interface_name(value));
    return base::done();
}

base::Status apply_need_net(NetworkPlan&, std::string_view value) {
    TRY_VOID(parse_switch(value));  // a root on the network needs it in any case
    return base::done();
}

/// Waits that this client does not make one by one: nvmeroot.timeout bounds them all.
base::Status check_number(NetworkPlan&, std::string_view value) {
    TRY_VOID(base::parse_u64(value));
    return base::done();
}

base::Status refuse_vendor_class(NetworkPlan&, std::string_view) {
    return base::error(
        "this client sends no vendor class; leave the word out, and let the server "
        "choose by the Ethernet address or the client identifier");
}

constexpr std::string_view kDracutNet = "rd.net.";

struct Option {
    std::string_view key;
    base::Status (*apply)(NetworkPlan&, std::string_view);
    bool may_stand_alone = false;  ///< the word without a value means something
    bool makes_device = false;     ///< the value begins with the name of a device that it describes
};
constexpr std::array kOptions = {
    Option{"ip", apply_ip},
    Option{"nfsaddrs", apply_ip},
    Option{"nameserver", apply_nameserver},
    Option{"rd.route", apply_route},
    Option{"BOOTIF", apply_bootif},
    Option{"rd.bootif", apply_bootif_switch, true},
    Option{"rd.peerdns", apply_peer_dns, true},
    Option{"ifname", apply_ifname, false, true},
    Option{"vlan", [](NetworkPlan& p, std::string_view v) { return add_device(p, parse_vlan(v)); },
           false, true},
    Option{
        "bond",
        [](NetworkPlan& p, std::string_view v) { return add_device(p, parse_bond(v, p.left_out)); },
        true, true},
    Option{"bridge",
           [](NetworkPlan& p, std::string_view v) { return add_device(p, parse_bridge(v)); }, true,
           true},
    Option{"team", refuse_team, true, true},
    Option{"bootdev", apply_bootdev},
    Option{"rd.neednet", apply_need_net, true},
    Option{"rd.net.dhcp.retry", check_number},
    Option{"rd.net.dhcp.vendor-class", refuse_vendor_class},
    Option{"rd.net.timeout.ifup", check_number},
    Option{"rd.net.timeout.route", check_number},
    Option{"rd.net.timeout.ipv6dad", check_number},
    Option{"rd.net.timeout.ipv6auto", check_number},
};

const Option* find_option(std::string_view key) {
    const auto* option = std::ranges::find(kOptions, key, &Option::key);
    return option == kOptions.end() ? nullptr : option;
}

}  // namespace

bool is_network_option(std::string_view key) {
    return find_option(key) != nullptr || key.starts_with(kDracutNet);
}

std::span<const std::string_view> network_words() {
    static constexpr auto kWords = [] {
        std::array<std::string_view, kOptions.size()> words;
        std::ranges::transform(kOptions, words.begin(), &Option::key);
        return words;
    }();
    return kWords;
}

bool may_stand_alone(std::string_view key) {
    const Option* option = find_option(key);
    return option != nullptr && option->may_stand_alone;
}

bool needs_option(const NetworkPlan& plan, std::string_view key, std::string_view value) {
    const Option* option = find_option(key);
    if (option == nullptr || !option->makes_device) {
        return option != nullptr && option->apply == apply_ip;
    }
    const std::string_view device = value.substr(0, value.find(':'));
    if (device.empty()) {
        return false;
    }
    const auto is_of_device = [&](const DevicePlan& other) {
        return std::ranges::find(other.ports, device) != other.ports.end();
    };
    return plan.interface == device || plan.bootdev == device ||
           std::ranges::find(plan.interfaces, device, &InterfacePlan::name) !=
               plan.interfaces.end() ||
           std::ranges::any_of(plan.devices, is_of_device);
}

base::Status apply_network_option(NetworkPlan& plan, std::string_view key, std::string_view value) {
    const Option* option = find_option(key);
    const std::string word = std::string(key) + "=" + base::quoted(value);
    const size_t before = plan.left_out.size();
    auto status =
        option == nullptr ? base::Status(base::error("unknown word")) : option->apply(plan, value);
    for (size_t i = before; i < plan.left_out.size(); ++i) {
        plan.left_out[i].insert(0, word + ": ");
    }
    if (!status) {
        return status.error().in(word);
    }
    return status;
}

}  // namespace boot
