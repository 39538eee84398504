// SPDX-License-Identifier: GPL-2.0-or-later
//
// The network for the network service of the real root. The root's connection must not lose its
// address: neither when the service starts, nor when it renews the lease, nor when it stops. /run
// survives switch_root, so the files are there, one set for each interface:
//
//   /run/systemd/network/05-nvmeroot-IF.network                        systemd-networkd
//   /run/NetworkManager/system-connections/nvmeroot-IF.nmconnection    NetworkManager, mode 0600
//   /run/NetworkManager/devices/INDEX                                  …that this profile is active
//   /run/NetworkManager/conf.d/nvmeroot.conf                           …for bonds, bridges, VLANs
//   /run/net-IF.conf                                                   klibc's form, for ifupdown
//   /run/nvmeroot/resolv.conf                                          name servers
//
// Each file contains how the address was configured, and uses the same identity for the lease.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "base/sys_paths.h"
#include "boot/net/interfaces.h"

namespace boot {

struct HandoverFile {
    std::string path;  ///< below /run
    std::string text;
    unsigned mode = 0644;
};

std::vector<HandoverFile> network_files(const Network& network);

/// Writes them below the run directory. Errors: one of them cannot be written.
base::Status write_network_files(const Network& network, const base::SysPaths& sys);

}  // namespace boot
