// SPDX-License-Identifier: GPL-2.0-or-later
//
// The network for whoever manages it in the real root. The root's connection must not lose its
// address: neither when the manager starts, nor when it renews the lease, nor when it stops. /run
// survives switch_root, so the files lie there, one set for each interface:
//
//   /run/systemd/network/05-nvmeroot-IF.network                        systemd-networkd
//   /run/NetworkManager/system-connections/nvmeroot-IF.nmconnection    NetworkManager, mode 0600
//   /run/NetworkManager/devices/INDEX                                  …that this is what runs
//   /run/NetworkManager/conf.d/nvmeroot.conf                           …for bonds, bridges, VLANs
//   /run/net-IF.conf                                                   klibc's form, for ifupdown
//   /run/nvmeroot/resolv.conf                                          name servers
//
// Each file says how the address came: the lease goes on under the same identity.
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
