// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/cli/ticket.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <vector>

#include "base/join.h"
#include "base/text.h"
#include "nvme/uri.h"

namespace target {
namespace {

// clang-format off
constexpr base::Option<TicketOptions> kOptions[] = {
    {"--config", "FILE", "configuration file (default: /etc/nvmeroot/nvmeroot-target.conf)",
     [](std::string_view v, TicketOptions& o) { o.config = v; return base::Status(base::done()); }},
    {"--address", "ADDRESS", "address or name of this machine as hosts reach it (default: the listen addresses)",
     [](std::string_view v, TicketOptions& o) { o.address = v; return base::Status(base::done()); }},
};
// clang-format on

/// The address by which hosts reach the target, as given by the user.
struct Place {
    nvme::Uri uri;  ///< host, zone and port of it
    bool has_port = false;
    int family = AF_UNSPEC;  ///< of an address; unspecified: a name
};

bool is_address(int family, const std::string& text) {
    std::array<std::byte, sizeof(in6_addr)> unused;
    return inet_pton(family, text.c_str(), unused.data()) == 1;
}

int family_of(const std::string& host) {
    return is_address(AF_INET6, host) ? AF_INET6 : is_address(AF_INET, host) ? AF_INET : AF_UNSPEC;
}

/// Written in whatever way.
bool is_same(const std::string& a, const std::string& b) {
    std::array<std::byte, sizeof(in6_addr)> first{};
    std::array<std::byte, sizeof(in6_addr)> second{};
    const int family = family_of(a);
    return family != AF_UNSPEC && inet_pton(family, a.c_str(), first.data()) == 1 &&
           inet_pton(family, b.c_str(), second.data()) == 1 && first == second;
}

/// `ADDRESS`, `ADDRESS:PORT`, `[IPV6]:PORT`, `NAME:PORT`; an IPv6 address alone needs no brackets.
base::Result<Place> parse_place(const std::string& text) {
    const auto colons = std::ranges::count(text, ':');
    const bool bare = colons > 1 && !text.starts_with('[');
    Place place;
    auto uri = nvme::Uri::parse("nvme+tcp://" + (bare ? "[" + text + "]" : text));
    const bool is_odd =
        text.find_first_of("/?#") != std::string::npos || (!bare && text.ends_with(':'));
    if (!uri || is_odd) {
        return base::error("--address: " + base::quoted(text) +
                           " is neither an address nor a host name, with or without a port: "
                           "192.0.2.1, [2001:db8::1]:4420, server.example:4420");
    }
    place.uri = std::move(uri).value();
    place.has_port =
        !bare && text.find(':', text.starts_with('[') ? text.find(']') : 0) != std::string::npos;
    place.family = family_of(place.uri.host);
    return place;
}

/// Whether a host that goes to `place` comes to what listens here.
bool leads_to(const Place& place, const exports::Address& listen) {
    if (place.has_port && place.uri.port != listen.port) {
        return false;
    }
    const bool is_wildcard = listen.host == "0.0.0.0" || listen.host == "::";
    return place.family == AF_UNSPEC || is_same(place.uri.host, listen.host) ||
           (is_wildcard && place.family == family_of(listen.host));
}

/// Each with host, zone and port.
base::Result<std::vector<nvme::Uri>> portals(const exports::ExportConfig& config,
                                             const std::string& address) {
    std::vector<nvme::Uri> portals;
    Place place;
    if (!address.empty()) {
        TRY(place, parse_place(address));
    }
    for (const exports::Address& listen : config.listen) {
        const bool is_wildcard = listen.host == "0.0.0.0" || listen.host == "::";
        nvme::Uri uri;
        uri.host = address.empty() ? listen.host : place.uri.host;
        uri.zone = place.uri.zone;
        uri.port = listen.port;
        if ((address.empty() ? !is_wildcard : leads_to(place, listen)) &&
            std::ranges::find(portals, uri) == portals.end()) {
            portals.push_back(std::move(uri));
        }
    }
    if (portals.empty()) {
        return base::error(address.empty()
                               ? "listen has only wildcards: use --address ADDRESS"
                               : "the target does not listen on " + base::quoted(address));
    }
    return portals;
}

/// How the host gets an address of its own.
std::string_view ip_method(const nvme::Uri& portal) {
    return family_of(portal.host) != AF_INET6 ? "dhcp" : portal.zone.empty() ? "auto6" : "link6";
}

/// The methods of all portals, as ip= takes them: the client waits for none that it can do without.
std::string ip_methods(const std::vector<nvme::Uri>& portals) {
    std::vector<std::string_view> methods;
    std::string text;
    for (const nvme::Uri& portal : portals) {
        const std::string_view method = ip_method(portal);
        if (std::ranges::find(methods, method) == methods.end()) {
            methods.push_back(method);
            base::append_part(text, ",", method);
        }
    }
    return text;
}

/// A namespace that the host may boot from.
struct Disk {
    const exports::Subsystem* subsystem;
    std::vector<std::string> uris;  ///< at each portal
};

std::vector<Disk> disks(const exports::ExportConfig& config, const exports::Host& host,
                        const std::vector<nvme::Uri>& portals) {
    std::vector<Disk> disks;
    for (const exports::Subsystem& subsystem : config.subsystems) {
        if (!subsystem.view_of.empty()) {
            continue;  // nothing to boot from
        }
        if (!subsystem.allow_any_host &&
            std::ranges::find(subsystem.hosts, host.nqn) == subsystem.hosts.end()) {
            continue;
        }
        for (const exports::Namespace& ns : subsystem.namespaces) {
            if (!ns.hosts.empty() && std::ranges::find(ns.hosts, host.nqn) == ns.hosts.end()) {
                continue;
            }
            Disk& disk = disks.emplace_back(Disk{&subsystem, {}});
            for (nvme::Uri uri : portals) {
                uri.subsysnqn = subsystem.nqn;
                uri.nid = ns.nsid;
                disk.uris.push_back(uri.text());
            }
        }
    }
    return disks;
}

/// A host with a secret authenticates everywhere, even if every host is admitted.
std::string auth_of(const exports::Subsystem& subsystem, const exports::Host& host) {
    const auto own = std::ranges::find(subsystem.access, host.nqn, &exports::Access::hostnqn);
    const exports::HostAuth& auth =
        own == subsystem.access.end() ? static_cast<const exports::HostAuth&>(host) : *own;
    return auth.ctrl_secret ? "mutual" : auth.secret ? "host" : "off";
}

/// A word as the kernel command line and the ini file take it.
base::Result<std::string> word(const std::string& text) {
    if (text.find('"') != std::string::npos) {
        return base::error(
            base::quoted(text) +
            " contains a quotation mark, which a kernel command line cannot contain");
    }
    return text.find_first_of(" ;#'") == std::string::npos ? text : "\"" + text + "\"";
}

std::string in_shell_quotes(std::string_view text) {
    std::string quoted = "'";
    for (const char c : text) {
        quoted += c == '\'' ? "'\\''" : std::string(1, c);
    }
    return quoted + "'";
}

/// Disks that the ticket is not for.
std::string others(const std::vector<Disk>& disks) {
    std::string text;
    for (size_t i = 1; i < disks.size(); ++i) {
        text += "# not the root: " + disks[i].uris[0] + "\n";
    }
    return text;
}

std::string ini(const std::string& hostnqn, const std::string& auth,
                const std::vector<std::string>& uris) {
    std::string text = "[host]\nhostnqn = " + hostnqn + "\nauth = " + auth + "\n";
    if (auth != "off") {
        text += "dhchap_secret_file = /etc/nvmeroot/dhchap_secret\n";
    }
    if (auth == "mutual") {
        text += "dhchap_ctrl_secret_file = /etc/nvmeroot/dhchap_ctrl_secret\n";
    }
    text += "\n[root]\nuri =";
    for (const std::string& uri : uris) {
        text += " " + uri;
    }
    return text + "\n";
}

}  // namespace

std::span<const base::Option<TicketOptions>> ticket_option_table() {
    return kOptions;
}

base::Result<std::string> ticket(const exports::ExportConfig& config,
                                 const TicketOptions& options) {
    const std::string name = base::to_lower(options.host);
    const auto host = std::ranges::find_if(config.hosts, [&](const exports::Host& each) {
        return each.name == name || each.nqn == options.host;
    });
    if (host == config.hosts.end()) {
        return base::error("unknown host " + base::quoted(options.host));
    }
    TRY(const auto where, portals(config, options.address));
    const auto all = disks(config, *host, where);
    if (all.empty()) {
        return base::error("host " + base::quoted(options.host) + " cannot see any namespace");
    }
    TRY(const std::string hostnqn, word(host->nqn));
    const Disk& root = all[0];
    const std::string auth = auth_of(*root.subsystem, *host);
    std::string cmdline = "ip=" + ip_methods(where);
    for (const std::string& uri : root.uris) {
        cmdline += " nvmeroot=" + uri;
    }
    cmdline += " nvmeroot.hostnqn=" + hostnqn + " nvmeroot.auth=" + auth;
    return others(all) + "# kernel command line\n" + cmdline +
           "\n\n# /etc/nvmeroot/nvmeroot.conf in the image" +
           (auth == "off" ? "" : "; its secret files are those of the target, mode 0600") + "\n" +
           ini(hostnqn, auth, root.uris) +
           "\n# iPXE\n#!ipxe\ndhcp\nkernel vmlinuz initrd=initrd.img " + cmdline +
           "\ninitrd initrd.img\nboot\n\n# dnsmasq: DHCP option 17 for root=dhcp\n" +
           "dhcp-option=option:root-path," + root.uris[0] +
           "\n\n# QEMU\nqemu-system-x86_64 -m 1G -nic user -kernel vmlinuz -initrd initrd.img "
           "-append " +
           in_shell_quotes(cmdline) + "\n";
}

}  // namespace target
