// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/net/ip_options.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "base/join.h"
#include "base/text.h"
#include "boot/net/device_options.h"

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
    MethodWord{"all", AddressMethod::kDhcp},
    MethodWord{"dhcp4", AddressMethod::kDhcp},
    MethodWord{"single-dhcp", AddressMethod::kDhcp},
    MethodWord{"auto", AddressMethod::kDhcp},  // and kAuto6
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

/// Takes what is wrong with a part that the root does not need.
using Odd = std::vector<std::string>;

/// The field METHOD.
struct Methods {
    std::vector<AddressMethod> each;  ///< none twice; empty: the field says nothing
    bool wants_address = false;       ///< the word `static` is among them
};

/// Whether a list of methods begins here.
bool begins_with_method(std::string_view text) {
    return find_method(text.substr(0, text.find(','))) != nullptr;
}

Methods parse_methods(std::string_view list, Odd& odd) {
    Methods methods;
    const auto add = [&](AddressMethod method) {
        if (std::ranges::find(methods.each, method) == methods.each.end()) {
            methods.each.push_back(method);
        }
    };
    for (const std::string_view word : base::split(list, ',')) {
        const auto method = parse_method(word);
        if (!method) {
            odd.push_back(method.error().text);
            continue;
        }
        methods.wants_address = methods.wants_address || word == "static";
        add(*method);
        if (word == "auto") {
            add(AddressMethod::kAuto6);
        }
    }
    return methods;
}

}  // namespace

base::Result<Subnet> parse_subnet(std::string_view text) {
    const bool bracketed = text.starts_with('[') && text.ends_with(']');
    return Subnet::parse(bracketed ? text.substr(1, text.size() - 2) : text);
}

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

namespace {

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
    return base::join(std::span(fields).subspan(first), ":");
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

/// Sets a part that the root does not need, or says what is wrong with it.
template <class T, class Part>
void set_part(Part& part, base::Result<T> value, const char* name, Odd& odd) {
    if (value) {
        part = std::move(value).value();
    } else {
        odd.push_back(std::move(value).error().in(name).text);
    }
}

/// [MTU][:MAC], where the colons of MAC have split it into fields too.
void apply_mtu_and_mac(InterfacePlan& plan, const Fields& fields, size_t first, Odd& odd) {
    if (!fields[first].empty()) {
        set_part(plan.mtu, parse_mtu(fields[first]), "MTU", odd);
    }
    const std::string mac_text = join(fields, first + 1);
    if (!mac_text.empty()) {
        set_part(plan.set_mac, MacAddress::parse(mac_text), "Ethernet address", odd);
    }
}

/// [DNS][:[DNS][:NTP]]; a time server is ignored.
void apply_servers(InterfacePlan& plan, const Fields& fields, size_t first, Odd& odd) {
    constexpr std::array<const char*, 2> kNames = {"first DNS server", "second DNS server"};
    constexpr size_t kServers = kNames.size() + 1;
    for (size_t i = first; i < std::min(fields.size(), first + kNames.size()); ++i) {
        if (fields[i].empty()) {
            continue;
        }
        if (const auto server = IpAddress::parse(fields[i])) {
            plan.dns.push_back(*server);
        } else {
            odd.push_back(std::string(kNames[i - first]) + ": " + server.error().text);
        }
    }
    if (fields.size() > first + kServers) {
        odd.push_back("too many fields: " + base::quoted(join(fields, first + kServers)));
    }
}

/// The fields after METHOD: dracut's MTU and MAC, or name servers. A number, or an empty field with
/// an Ethernet address behind it, tells the first from the second.
void apply_tail(InterfacePlan& plan, const Fields& fields, size_t first, Odd& odd) {
    if (fields.size() <= first) {
        return;
    }
    const bool number = !fields[first].empty() &&
                        fields[first].find_first_not_of("0123456789") == std::string_view::npos;
    if (number || MacAddress::parse(join(fields, first + 1))) {
        apply_mtu_and_mac(plan, fields, first, odd);
    } else {
        apply_servers(plan, fields, first, odd);
    }
}

/// One word of ip=, before each of its methods becomes a plan of its own.
struct Parsed {
    InterfacePlan plan;  ///< `method` is not set
    Methods methods;
    bool netmask_given = false;
};

base::Result<Parsed> parse_interface_form(const Fields& fields, Odd& odd) {
    Parsed parsed;
    TRY_VOID(set_interface(parsed.plan, fields[0]));
    parsed.methods = parse_methods(fields[1], odd);
    if (fields.size() > 2) {
        const bool servers = IpAddress::parse(fields[2]).ok();
        (servers ? apply_servers : apply_mtu_and_mac)(parsed.plan, fields, 2, odd);
    }
    return parsed;
}

bool has_length(std::string_view text) {
    return text.find('/') != std::string_view::npos;
}

/// A length behind it is NetworkManager's. Boot loaders write "none" as 0.0.0.0.
base::Status set_client(InterfacePlan& plan, std::string_view text) {
    const auto client = parse_subnet(text);
    if (!client) {
        const bool dotted = text.find('.') != std::string_view::npos;
        return base::error("client: " + client.error().text +
                           (dotted ? "" : "; IPv6 addresses must be in square brackets"));
    }
    const IpAddress& address = client->address;
    if (address.is_unspecified()) {
        return base::done();
    }
    if (!address.is_host_address()) {
        return base::error("client: no host can have the address " + address.text());
    }
    plan.address =
        Subnet{address, has_length(text) ? client->prefix_length : implied_prefix_length(address)};
    return base::done();
}

base::Status set_peer(InterfacePlan& plan, std::string_view text) {
    const auto peer = parse_subnet(text);
    if (!peer) {
        return peer.error().in("peer");
    }
    plan.peer = peer->address;
    return base::done();
}

/// The peer is the other end of the link if it has a length, as in dracut, or the netmask is of one
/// host; otherwise it is the kernel's NFS server.
base::Status settle_peer(InterfacePlan& plan, std::string_view text) {
    const bool same_family = plan.peer && plan.address && plan.peer->v6 == plan.address->address.v6;
    if (same_family && has_length(text)) {
        TRY(const Subnet peer, parse_subnet(text));
        plan.address->prefix_length = peer.prefix_length;
    } else if (!same_family || plan.address->prefix_length != plan.peer->bits()) {
        plan.peer.reset();
    }
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

struct Setter {
    base::Status (*set)(InterfacePlan&, std::string_view);
    bool is_needed = true;  ///< without it the root cannot be reached as the word says
};
/// One for each Field before kMethod, in order; an empty field is not set.
constexpr std::array<Setter, kMethod> kSetters = {{{set_client},
                                                   {set_peer, false},
                                                   {set_gateway},
                                                   {set_netmask},
                                                   {set_hostname, false},
                                                   {set_interface}}};

std::string_view field(const Fields& fields, Field number) {
    return number < fields.size() ? fields[number] : std::string_view();
}

base::Result<Parsed> parse_address_form(const Fields& fields, Odd& odd) {
    Parsed parsed;
    InterfacePlan& plan = parsed.plan;
    for (size_t i = 0; i < std::min<size_t>(fields.size(), kSetters.size()); ++i) {
        auto set = fields[i].empty() ? base::done() : kSetters[i].set(plan, fields[i]);
        if (!set && kSetters[i].is_needed) {
            return std::move(set).error();
        }
        if (!set) {
            odd.push_back(std::move(set).error().text);
        }
    }
    parsed.netmask_given = !field(fields, kNetmask).empty();
    if (const std::string_view methods = field(fields, kMethod); !methods.empty()) {
        parsed.methods = parse_methods(methods, odd);
    }
    apply_tail(plan, fields, kAddressFields, odd);
    TRY_VOID(settle_peer(plan, field(fields, kPeer)));
    return parsed;
}

base::Result<Parsed> parse_form(std::string_view value, Odd& odd) {
    TRY(const Fields fields, split_fields(value));
    if (fields.size() == 1 && begins_with_method(value)) {
        Parsed parsed;
        parsed.methods = parse_methods(value, odd);
        return parsed;
    }
    const bool of_interface = fields.size() == 2 && !parse_subnet(fields[0]);
    if (fields.size() > 1 && (begins_with_method(fields[1]) || of_interface)) {
        return parse_interface_form(fields, odd);
    }
    return parse_address_form(fields, odd);
}

/// Whether the address belongs to the method: to be set, or to ask a server for.
bool takes_address(const InterfacePlan& plan) {
    return plan.method == AddressMethod::kStatic ||
           (plan.method == AddressMethod::kDhcp && plan.address && !plan.address->address.v6);
}

/// A gateway goes before the one that a server or a router names. REQUIRES: plan.gateway
bool takes_gateway(const InterfacePlan& plan) {
    return plan.method == AddressMethod::kStatic ||
           (plan.method == AddressMethod::kDhcp) != plan.gateway->v6;
}

}  // namespace

base::Result<std::vector<InterfacePlan>> parse_ip(std::string_view value,
                                                  std::vector<std::string>& odd) {
    TRY(Parsed parsed, parse_form(value, odd));
    const InterfacePlan& plan = parsed.plan;
    Methods& methods = parsed.methods;
    if (methods.each.empty()) {
        methods.each = {plan.address ? AddressMethod::kStatic : AddressMethod::kDhcp};
    }
    const bool is_static =
        std::ranges::find(methods.each, AddressMethod::kStatic) != methods.each.end();
    if (is_static && !plan.address &&
        (methods.wants_address || plan.gateway || parsed.netmask_given)) {
        return base::error("client: a static address is missing; write " +
                           std::string(kStaticForm));
    }
    if (methods.each.front() == AddressMethod::kDhcp && methods.each.size() == 1 && plan.address &&
        plan.address->address.v6) {
        return base::error("method: dhcp gives IPv4 addresses, the client's is IPv6");
    }
    std::vector<InterfacePlan> plans;
    for (const AddressMethod method : methods.each) {
        InterfacePlan& one = plans.emplace_back(plan);
        one.method = method;
        if (!takes_address(one)) {
            one.address.reset();
            one.peer.reset();
        }
        if (one.gateway && !takes_gateway(one)) {
            one.gateway.reset();
        }
    }
    return plans;
}

}  // namespace boot
