// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/net/device_options.h"

#include <linux/if_link.h>

#include <algorithm>
#include <array>
#include <vector>

#include "base/text.h"

namespace boot {
namespace {

using Kind = DevicePlan::Kind;
using Fields = std::vector<std::string_view>;

constexpr size_t kLongestInterfaceName = 15;  // IFNAMSIZ without its NUL
constexpr uint64_t kHighestVlan = 4094;       // IEEE 802.1Q: 0 and FFFh are reserved

base::Result<std::vector<std::string>> parse_ports(std::string_view text) {
    std::vector<std::string> ports;
    for (const std::string_view part : base::split(text, ',')) {
        TRY(std::string port, parse_interface_name(part));
        if (std::ranges::find(ports, port) == ports.end()) {
            ports.push_back(std::move(port));
        }
    }
    return ports;
}

/// NAME:PORTS with dracut's defaults for what is missing.
base::Result<DevicePlan> parse_ports_form(Kind kind, const Fields& fields, std::string_view name,
                                          std::string_view ports) {
    DevicePlan plan;
    plan.kind = kind;
    TRY(plan.name, parse_interface_name(fields[0].empty() ? name : fields[0]));
    const bool given = fields.size() > 1 && !fields[1].empty();
    TRY(plan.ports, parse_ports(given ? fields[1] : ports));
    if (std::ranges::find(plan.ports, plan.name) != plan.ports.end()) {
        return base::error(plan.name + " cannot be a part of itself");
    }
    return plan;
}

/// @param odd  takes an option that is not known here
base::Status apply_bond_option(DevicePlan& plan, std::string_view text,
                               std::vector<std::string>& odd) {
    const size_t equals = text.find('=');
    if (equals == std::string_view::npos) {
        return base::error("not OPTION=VALUE: " + base::quoted(text));
    }
    const std::string_view name = text.substr(0, equals);
    const std::string_view value = text.substr(equals + 1);
    if (name == "primary") {
        TRY(plan.primary, parse_interface_name(value));
        return base::done();
    }
    if (!is_bond_option(name)) {
        odd.push_back(parse_bond_option(name, value).error().text);
        return base::done();
    }
    TRY(BondOption option, parse_bond_option(name, value));
    plan.bond_options.push_back(std::move(option));
    return base::done();
}

/// Without one of the two ways to watch the links, a bond continues to use a dead one.
void watch_links(DevicePlan& plan) {
    const bool watches = std::ranges::any_of(plan.bond_options, [](const BondOption& option) {
        return option.attribute == IFLA_BOND_MIIMON || option.attribute == IFLA_BOND_ARP_INTERVAL;
    });
    if (!watches) {
        plan.bond_options.push_back(parse_bond_option("miimon", "100").value());
    }
}

}  // namespace

base::Result<std::string> parse_interface_name(std::string_view text) {
    const bool good = !text.empty() && text.size() <= kLongestInterfaceName && text != "." &&
                      text != ".." && std::ranges::all_of(text, [](char c) {
                          return c > ' ' && c < 0x7f && c != '/' && c != ':';
                      });
    if (!good) {
        return base::error("not an interface name: " + base::quoted(text));
    }
    return std::string(text);
}

base::Result<uint32_t> parse_mtu(std::string_view text) {
    const auto mtu = base::parse_u64(text, kMaxMtu);
    if (!mtu || *mtu < kMinMtu) {
        return base::error("not an MTU (68 to 65535): " + base::quoted(text));
    }
    return static_cast<uint32_t>(*mtu);
}

base::Result<DevicePlan> parse_vlan(std::string_view value) {
    const Fields fields = base::split(value, ':');
    if (fields.size() != 2) {
        return base::error("not NAME:INTERFACE: " + base::quoted(value));
    }
    DevicePlan plan;
    plan.kind = Kind::kVlan;
    TRY(plan.name, parse_interface_name(fields[0]));
    if (const auto mac = MacAddress::parse(fields[1])) {
        plan.parent_mac = *mac;
    } else {
        TRY(std::string parent, parse_interface_name(fields[1]));
        if (parent == plan.name) {
            return base::error(plan.name + " cannot be a part of itself");
        }
        plan.ports.push_back(std::move(parent));
    }
    const size_t digits = fields[0].find_last_not_of("0123456789") + 1;
    const auto id = base::parse_u64(fields[0].substr(digits), kHighestVlan);
    if (!id || *id == 0) {
        return base::error("the name must end with the VLAN's number, 1 to 4094: " +
                           base::quoted(fields[0]));
    }
    plan.vlan_id = static_cast<uint16_t>(*id);
    return plan;
}

base::Result<DevicePlan> parse_bond(std::string_view value, std::vector<std::string>& odd) {
    const Fields fields = base::split(value, ':');
    if (fields.size() > 4) {
        return base::error("too many fields: " + base::quoted(value));
    }
    TRY(DevicePlan plan, parse_ports_form(Kind::kBond, fields, "bond0", "eth0,eth1"));
    const bool given = fields.size() > 2 && !fields[2].empty();
    for (const std::string_view option : base::split(given ? fields[2] : "mode=balance-rr", ',')) {
        TRY_VOID(apply_bond_option(plan, option, odd));
    }
    if (!plan.primary.empty() && std::ranges::find(plan.ports, plan.primary) == plan.ports.end()) {
        odd.push_back("primary: " + plan.primary + " is not a port of the bond");
        plan.primary.clear();
    }
    if (fields.size() == 4 && !fields[3].empty()) {
        if (const auto mtu = parse_mtu(fields[3])) {
            plan.mtu = *mtu;
        } else {
            odd.push_back("MTU: " + mtu.error().text);
        }
    }
    watch_links(plan);
    return plan;
}

base::Result<DevicePlan> parse_bridge(std::string_view value) {
    const Fields fields = base::split(value, ':');
    if (fields.size() > 2) {
        return base::error("too many fields: " + base::quoted(value));
    }
    return parse_ports_form(Kind::kBridge, fields, "br0", "eth0");
}

base::Result<NamePlan> parse_ifname(std::string_view value) {
    const size_t colon = value.find(':');
    NamePlan plan;
    TRY(plan.name, parse_interface_name(value.substr(0, colon)));
    if (colon == std::string_view::npos) {
        return base::error("not NAME:MAC: " + base::quoted(value));
    }
    TRY(plan.mac, MacAddress::parse(value.substr(colon + 1)));
    return plan;
}

}  // namespace boot
