// SPDX-License-Identifier: GPL-2.0-or-later
//
// The boot instructions for a host of this target, in the forms that boot loaders and images take:
// the kernel command line, the client's ini file, an iPXE script, lines for dnsmasq, a QEMU
// command. It names secrets by their files and never prints them.
#pragma once

#include <span>
#include <string>

#include "base/cli/options.h"
#include "base/result.h"
#include "export/export_config.h"

namespace target {

struct TicketOptions {
    std::string config = "/etc/nvmeroot/nvmeroot-target.conf";
    std::string address;  ///< where hosts reach this machine; empty: as listen says
    std::string host;     ///< name of a section, or NQN
};

std::span<const base::Option<TicketOptions>> ticket_option_table();

/// Errors: no such host, a host that may see nothing, only wildcard addresses.
base::Result<std::string> ticket(const exports::ExportConfig& config, const TicketOptions& options);

}  // namespace target
