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

/// A namespace that the host may boot from.
struct Disk {
    const exports::Subsystem* subsystem;
    std::vector<std::string> uris;  ///< at each portal
};

std::vector<Disk> disks(const exports::ExportConfig& config, const exports::Host& host,
                        const std::vector<exports::Address>& portals) {
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
            for (const exports::Address& portal : portals) {
                const nvme::Uri uri{.host = portal.host,
                                    .zone = "",
                                    .port = portal.port,
                                    .subsysnqn = subsystem.nqn,
                                    .nid = ns.nsid};
                disk.uris.push_back(uri.text());
            }
        }
    }
    return disks;
}

std::string auth_of(const exports::Subsystem& subsystem, const exports::Host& host) {
    if (subsystem.allow_any_host) {
        return "off";
    }
    const auto own = std::ranges::find(subsystem.access, host.nqn, &exports::Access::hostnqn);
    const exports::HostAuth& auth =
        own == subsystem.access.end() ? static_cast<const exports::HostAuth&>(host) : *own;
    return auth.ctrl_secret ? "mutual" : auth.secret ? "host" : "off";
}

/// A word as the kernel command line and the ini file take it.
base::Result<std::string> word(const std::string& text) {
    if (text.find('"') != std::string::npos) {
        return base::error(base::quoted(text) +
                           " holds a quotation mark, which no kernel command line can");
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
        return base::error("no host " + base::quoted(options.host));
    }
    TRY(const auto where, portals(config, options.address));
    const auto all = disks(config, *host, where);
    if (all.empty()) {
        return base::error("host " + base::quoted(options.host) + " may see no namespace");
    }
    TRY(const std::string hostnqn, word(host->nqn));
    const Disk& root = all[0];
    const std::string auth = auth_of(*root.subsystem, *host);
    std::string cmdline = "ip=dhcp";
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
