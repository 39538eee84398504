// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/ticket.h"

#include <algorithm>
#include <vector>

#include "base/text.h"
#include "nvme/uri.h"

namespace target {
namespace {

// clang-format off
constexpr base::Option<TicketOptions> kOptions[] = {
    {"--config", "FILE", "the configuration (default /etc/nvmeroot/nvmeroot-target.conf)",
     [](std::string_view v, TicketOptions& o) { o.config = v; return base::Status(base::done()); }},
    {"--address", "ADDRESS", "where hosts reach this machine (default: as listen says)",
     [](std::string_view v, TicketOptions& o) { o.address = v; return base::Status(base::done()); }},
};
// clang-format on

base::Result<std::vector<exports::Address>> portals(const exports::ExportConfig& config,
                                                    const std::string& address) {
    std::vector<exports::Address> portals;
    for (const exports::Address& listen : config.listen) {
        const bool wildcard = listen.host == "0.0.0.0" || listen.host == "::";
        const bool v6 = address.find(':') != std::string::npos;
        if (address.empty() && !wildcard) {
            portals.push_back(listen);
        } else if (!address.empty() &&
                   (listen.host == address || (wildcard && v6 == (listen.host == "::")))) {
            portals.push_back({address, listen.port});
        }
    }
    if (portals.empty()) {
        return base::error(address.empty()
                               ? "listen names only wildcards: say --address ADDRESS"
                               : "the target does not listen on " + base::quoted(address));
    }
    return portals;
}

/// The namespaces that the host may boot from, at each portal.
std::vector<std::string> uris(const exports::ExportConfig& config, const exports::Host& host,
                              const std::vector<exports::Address>& portals) {
    std::vector<std::string> uris;
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
            for (const exports::Address& portal : portals) {
                const nvme::Uri uri{.host = portal.host,
                                    .zone = "",
                                    .port = portal.port,
                                    .subsysnqn = subsystem.nqn,
                                    .nid = ns.nsid};
                uris.push_back(uri.text());
            }
        }
    }
    return uris;
}

std::string auth_of(const exports::ExportConfig& config, const exports::Host& host) {
    const exports::HostAuth* auth = &host;
    for (const exports::Subsystem& subsystem : config.subsystems) {
        const auto own = std::ranges::find(subsystem.access, host.nqn, &exports::Access::hostnqn);
        auth = own == subsystem.access.end() ? auth : &*own;
    }
    return auth->ctrl_secret ? "mutual" : auth->secret ? "host" : "off";
}

std::string ini(const exports::Host& host, const std::string& auth,
                const std::vector<std::string>& uris) {
    std::string text = "[host]\nhostnqn = " + host.nqn + "\nauth = " + auth + "\n";
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
        return base::error("no host " + base::quoted(options.host));
    }
    TRY(const auto where, portals(config, options.address));
    const auto all = uris(config, *host, where);
    if (all.empty()) {
        return base::error("host " + base::quoted(options.host) + " may see no namespace");
    }
    const std::string auth = auth_of(config, *host);
    std::string cmdline = "ip=dhcp";
    for (const std::string& uri : all) {
        cmdline += " nvmeroot=" + uri;
    }
    cmdline += " nvmeroot.hostnqn=" + host->nqn + " nvmeroot.auth=" + auth;
    return "# kernel command line\n" + cmdline + "\n\n# /etc/nvmeroot/nvmeroot.conf in the image" +
           (auth == "off" ? "" : "; its secret files are those of the target, mode 0600") + "\n" +
           ini(*host, auth, all) + "\n# iPXE\n#!ipxe\ndhcp\nkernel vmlinuz initrd=initrd.img " +
           cmdline + "\ninitrd initrd.img\nboot\n\n# dnsmasq: DHCP option 17 for root=dhcp\n" +
           "dhcp-option=option:root-path," + all[0] +
           "\n\n# QEMU\nqemu-system-x86_64 -m 1G -nic user -kernel vmlinuz -initrd initrd.img "
           "-append '" +
           cmdline + "'\n";
}

}  // namespace target
