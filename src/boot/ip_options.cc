// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/ip_options.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "base/text.h"
#include "boot/device_options.h"

namespace boot {

namespace {

using Fields = std::vector<std::string_view>;

constexpr size_t kLongestHostname = 253;  // RFC 1035, section 2.3.4 "Size limits", as text

/// The fields of an ip= value that names an address, in the order of the kernel's documentation.
enum Field : size_t {
    kClient,
    kPeer,
    kGateway,
    kNetmask,
    kHostname,
    kInterface,
    kMethod,
    kAddressFields
};

struct MethodWord {
    std::string_view word;
    std::optional<AddressMethod> method;  // none: known to the field and not yet to us
};
constexpr std::array kMethodWords = {
    MethodWord{"dhcp", AddressMethod::kDhcp},
    MethodWord{"on", AddressMethod::kDhcp},
    MethodWord{"any", AddressMethod::kDhcp},
    MethodWord{"single-dhcp", AddressMethod::kDhcp},
    MethodWord{"none", AddressMethod::kStatic},
    MethodWord{"off", AddressMethod::kStatic},
    MethodWord{"static", AddressMethod::kStatic},
    MethodWord{"dhcp6", AddressMethod::kDhcp6},
    MethodWord{"auto6", AddressMethod::kAuto6},
    MethodWord{"either6", AddressMethod::kEither6},
    MethodWord{"link6", AddressMethod::kLinkLocal},
    MethodWord{"link-local", AddressMethod::kLinkLocal},
    MethodWord{"ibft", std::nullopt},
    MethodWord{"both", std::nullopt},
    MethodWord{"bootp", std::nullopt},
    MethodWord{"rarp", std::nullopt},
};

const MethodWord* find_method(std::string_view word) {
    const auto* row = std::ranges::find(kMethodWords, word, &MethodWord::word);
    return row == kMethodWords.end() ? nullptr : row;
}

base::Result<AddressMethod> parse_method(std::string_view word) {
    const MethodWord* row = find_method(word);
    if (row == nullptr) {
        return base::error("not a method (dhcp, none, …): " + base::quoted(word));
    }
    if (!row->method) {
        return base::error(base::quoted(word) +
                           " is not supported; use dhcp, auto6, dhcp6 or an address");
    }
    return *row->method;
}

/// The parts between colons, except colons in square brackets.
base::Result<Fields> split_fields(std::string_view value) {
    Fields fields;
    size_t start = 0;
    bool bracket = false;
    for (size_t i = 0; i <= value.size(); ++i) {
        if (i == value.size() || (value[i] == ':' && !bracket)) {
            fields.push_back(value.substr(start, i - start));
            start = i + 1;
        } else if (value[i] == (bracket ? ']' : '[')) {
            bracket = !bracket;
        }
    }
    if (bracket) {
        return base::error("a square bracket is not closed");
    }
    return fields;
}

base::Result<std::string> parse_driver(std::string_view text) {
    const bool good = !text.empty() && std::ranges::all_of(text, [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               c == '-' || c == '_';
    });
    if (!good) {
        return base::error("not a driver's name: " + base::quoted(text));
    }
    return std::string(text);
}

std::string join(const Fields& fields, size_t first) {
    std::string text;
    for (size_t i = first; i < fields.size(); ++i) {
        text.append(i == first ? "" : ":").append(fields[i]);
    }
    return text;
}

}  // namespace

/// An Ethernet address is too long to be a name, and a name has no @ in front.
base::Status set_interface(InterfacePlan& plan, std::string_view text) {
    if (text.empty()) {
        return base::done();
    }
    if (text.front() == '@') {
        TRY(plan.match_driver, parse_driver(text.substr(1)));
        return base::done();
    }
    if (const auto mac = MacAddress::parse(text)) {
        plan.match_mac = *mac;
        return base::done();
    }
    TRY(plan.name, parse_interface_name(text));
    return base::done();
}

namespace {

base::Result<std::string> parse_hostname(std::string_view text) {
    const bool good = text.size() <= kLongestHostname && std::ranges::all_of(text, [](char c) {
                          return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
                                 (c >= 'A' && c <= 'Z') || c == '-' || c == '.' || c == '_';
                      });
    if (!good) {
        return base::error("not a host name: " + base::quoted(text));
    }
    return std::string(text);
}

/// [MTU][:MAC], where the colons of MAC have split it into fields too.
base::Status apply_mtu_and_mac(InterfacePlan& plan, const Fields& fields, size_t first) {
    if (!fields[first].empty()) {
        auto mtu = parse_mtu(fields[first]);
        if (!mtu) {
            return mtu.error().in("MTU");
        }
        plan.mtu = *mtu;
    }
    const std::string mac_text = join(fields, first + 1);
    if (!mac_text.empty()) {
        auto mac = MacAddress::parse(mac_text);
        if (!mac) {
            return mac.error().in("Ethernet address");
        }
        plan.set_mac = *mac;
    }
    return base::done();
}

/// [DNS][:[DNS][:NTP]]; a time server is no matter of ours, but must be an address.
base::Status apply_servers(InterfacePlan& plan, const Fields& fields, size_t first) {
    constexpr std::array<const char*, 3> kNames = {"first DNS server", "second DNS server",
                                                   "NTP server"};
    constexpr size_t kDnsServers = 2;
    for (size_t i = first; i < fields.size(); ++i) {
        if (i - first >= kNames.size()) {
            return base::error("too many fields: " + base::quoted(join(fields, i)));
        }
        if (fields[i].empty()) {
            continue;
        }
        auto server = IpAddress::parse(fields[i]);
        if (!server) {
            return server.error().in(kNames[i - first]);
        }
        if (i - first < kDnsServers) {
            plan.dns.push_back(*server);
        }
    }
    return base::done();
}

/// What follows METHOD: dracut's MTU and MAC, or name servers. A number, or an empty field with an
/// Ethernet address behind it, tells the first from the second.
base::Status apply_tail(InterfacePlan& plan, const Fields& fields, size_t first) {
    if (fields.size() <= first) {
        return base::done();
    }
    const bool number = !fields[first].empty() &&
                        fields[first].find_first_not_of("0123456789") == std::string_view::npos;
    if (number || MacAddress::parse(join(fields, first + 1))) {
        return apply_mtu_and_mac(plan, fields, first);
    }
    return apply_servers(plan, fields, first);
}

base::Result<InterfacePlan> parse_interface_form(const Fields& fields) {
    InterfacePlan plan;
    TRY_VOID(set_interface(plan, fields[0]));
    TRY(plan.method, parse_method(fields[1]));
    if (fields.size() > 2) {
        TRY_VOID(apply_mtu_and_mac(plan, fields, 2));
    }
    return plan;
}

base::Status set_client(InterfacePlan& plan, std::string_view text) {
    auto address = IpAddress::parse(text);
    if (!address) {
        return address.error().in("client");
    }
    if (!address->is_host_address()) {
        return base::error("client: no host can have the address " + address->text());
    }
    plan.address = Subnet{*address, implied_prefix_length(*address)};
    return base::done();
}

base::Status set_peer(InterfacePlan& plan, std::string_view text) {
    auto peer = IpAddress::parse(text);
    if (!peer) {
        return peer.error().in("peer");
    }
    plan.peer = *peer;
    return base::done();
}

base::Status set_gateway(InterfacePlan& plan, std::string_view text) {
    auto gateway = IpAddress::parse(text);
    if (!gateway) {
        return gateway.error().in("gateway");
    }
    if (plan.address && gateway->v6 != plan.address->address.v6) {
        return base::error("gateway: " + gateway->text() + " is not of the client's family");
    }
    if (!gateway->is_unspecified()) {  // the kernel writes "none" as 0.0.0.0
        plan.gateway = *gateway;
    }
    return base::done();
}

base::Status set_netmask(InterfacePlan& plan, std::string_view text) {
    if (!plan.address) {
        return base::done();
    }
    auto length = parse_prefix_length(text, plan.address->address.v6);
    if (!length) {
        return length.error().in("netmask");
    }
    plan.address->prefix_length = *length;
    return base::done();
}

base::Status set_hostname(InterfacePlan& plan, std::string_view text) {
    TRY(plan.hostname, parse_hostname(text));
    return base::done();
}

base::Status set_method(InterfacePlan& plan, std::string_view text) {
    TRY(plan.method, parse_method(text));
    return base::done();
}

/// One setter for each Field, in order; an empty field is not set.
constexpr std::array<base::Status (*)(InterfacePlan&, std::string_view), kAddressFields> kSetters =
    {set_client, set_peer, set_gateway, set_netmask, set_hostname, set_interface, set_method};

base::Result<InterfacePlan> parse_address_form(const Fields& fields) {
    InterfacePlan plan;
    plan.method = fields[kClient].empty() ? AddressMethod::kDhcp : AddressMethod::kStatic;
    for (size_t i = 0; i < std::min<size_t>(fields.size(), kAddressFields); ++i) {
        if (!fields[i].empty()) {
            TRY_VOID(kSetters[i](plan, fields[i]));
        }
    }
    TRY_VOID(apply_tail(plan, fields, kAddressFields));
    const bool one_host =
        plan.address && plan.address->prefix_length == plan.address->address.bits();
    if (!one_host || (plan.peer && plan.peer->v6 != plan.address->address.v6)) {
        plan.peer.reset();  // the kernel's NFS server
    }
    if (plan.method == AddressMethod::kDhcp && plan.address && plan.address->address.v6) {
        return base::error("method: dhcp gives IPv4 addresses, the client's is IPv6");
    }
    return plan;
}

base::Result<InterfacePlan> parse_ip(std::string_view value) {
    TRY(const Fields fields, split_fields(value));
    if (fields.size() == 1 && find_method(value) != nullptr) {
        InterfacePlan plan;
        TRY(plan.method, parse_method(value));
        return plan;
    }
    if (fields.size() > 1 && (find_method(fields[1]) != nullptr || fields.size() == 2)) {
        return parse_interface_form(fields);
    }
    return parse_address_form(fields);
}

base::Status apply_ip(NetworkPlan& plan, std::string_view value) {
    TRY(InterfacePlan interface, parse_ip(value));
    if (interface.method == AddressMethod::kStatic && !interface.address &&
        interface.name.empty()) {
        plan.off = true;
        return base::done();
    }
    if (std::ranges::find(plan.interfaces, interface) == plan.interfaces.end()) {
        plan.interfaces.push_back(std::move(interface));
    }
    return base::done();
}

base::Status apply_nameserver(NetworkPlan& plan, std::string_view value) {
    TRY(const IpAddress server, IpAddress::parse(value));
    plan.dns.push_back(server);
    return base::done();
}

/// dracut puts the length of an IPv6 destination inside the brackets, others behind them.
base::Result<Subnet> parse_destination(std::string_view text) {
    const bool bracketed = text.starts_with('[') && text.ends_with(']');
    auto destination = Subnet::parse(bracketed ? text.substr(1, text.size() - 2) : text);
    if (!destination) {
        return destination.error().in("destination");
    }
    return destination->network();
}

base::Status apply_route(NetworkPlan& plan, std::string_view value) {
    TRY(const Fields fields, split_fields(value));
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
    if (value.size() == kPrefixed && (value.starts_with("01-") || value.starts_with("01:"))) {
        value.remove_prefix(3);
    }
    TRY(plan.bootif, MacAddress::parse(value));
    return base::done();
}

base::Status apply_bootif_switch(NetworkPlan& plan, std::string_view value) {
    TRY(const bool use, base::parse_bool(value));
    plan.ignore_bootif = !use;
    return base::done();
}

base::Status apply_peer_dns(NetworkPlan& plan, std::string_view value) {
    TRY(const bool use, base::parse_bool(value));
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
        return base::error(device->name + " is described twice, and differently");
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
    return base::error(
        "the kernel's team driver needs a daemon beside it; bond= does the same without");
}

base::Status apply_bootdev(NetworkPlan& plan, std::string_view value) {
    TRY(plan.bootdev, parse_interface_name(value));
    return base::done();
}

base::Status apply_need_net(NetworkPlan&, std::string_view value) {
    TRY_VOID(base::parse_bool(value));  // a root on the network needs it in any case
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
};
constexpr std::array kOptions = {
    Option{"ip", apply_ip},
    Option{"nfsaddrs", apply_ip},
    Option{"nameserver", apply_nameserver},
    Option{"rd.route", apply_route},
    Option{"BOOTIF", apply_bootif},
    Option{"rd.bootif", apply_bootif_switch},
    Option{"rd.peerdns", apply_peer_dns},
    Option{"ifname", apply_ifname},
    Option{"vlan", [](NetworkPlan& p, std::string_view v) { return add_device(p, parse_vlan(v)); }},
    Option{"bond", [](NetworkPlan& p, std::string_view v) { return add_device(p, parse_bond(v)); }},
    Option{"bridge",
           [](NetworkPlan& p, std::string_view v) { return add_device(p, parse_bridge(v)); }},
    Option{"team", refuse_team},
    Option{"bootdev", apply_bootdev},
    Option{"rd.neednet", apply_need_net},
    Option{"rd.net.dhcp.retry", check_number},
    Option{"rd.net.dhcp.vendor-class", refuse_vendor_class},
    Option{"rd.net.timeout.ifup", check_number},
    Option{"rd.net.timeout.route", check_number},
    Option{"rd.net.timeout.ipv6dad", check_number},
    Option{"rd.net.timeout.ipv6auto", check_number},
};

}  // namespace

bool is_network_option(std::string_view key) {
    return std::ranges::find(kOptions, key, &Option::key) != kOptions.end() ||
           key.starts_with(kDracutNet);
}

base::Status apply_network_option(NetworkPlan& plan, std::string_view key, std::string_view value) {
    const auto* option = std::ranges::find(kOptions, key, &Option::key);
    if (option == kOptions.end()) {
        return base::error(std::string(key) + ": no such word is known");
    }
    auto status = option->apply(plan, value);
    if (!status) {
        return status.error().in(base::format("%.*s=%s", static_cast<int>(key.size()), key.data(),
                                              base::quoted(value).c_str()));
    }
    return status;
}

}  // namespace boot
