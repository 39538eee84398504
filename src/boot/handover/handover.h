// SPDX-License-Identifier: GPL-2.0-or-later
//
// The end of the boot: the disk under a stable name, its partitions, and the facts for the hook
// that mounts it.
//
//     /dev/nvmeroot/root -> ../nvme0n1          the multipath head, never a hidden path
//     /dev/nvmeroot/root-part2 -> ../nvme0n1p2
//     /run/nvmeroot/block/nvme0n1p2             NVMEROOT_LINK=root-part2: by it, 61-nvmeroot.rules
//                                               makes udev and systemd know the links
//     /run/nvmeroot/root                        KEY=value lines for the shell, read, never sourced
//     /run/nvme/registry/nvme0/{owner,seqnum}   makes `nvme disconnect-all` of nvme-cli 3 spare it
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "base/sys_paths.h"
#include "boot/check/kernel_disk.h"
#include "boot/connect/connect.h"
#include "boot/failure.h"
#include "boot/net/interfaces.h"

namespace boot {

/// All facts about the root.
struct Root {
    Controller controller;
    std::string subsysnqn;
    uint32_t nsid = 0;
    Disk disk;
    std::vector<std::string> partitions;  ///< nvme0n1p1…
    std::string authentication;           ///< `both ways with …`, or empty
    std::string protection;               ///< protection_sentence()
};

/// Makes the kernel read the partition table, and waits until the partitions are stable and have
/// device nodes. A scan of the kernel's own, which may be in progress, removes all of them for a
/// moment.
/// @return the names of the partitions. kHandOver: the table cannot be read, or a node does not
/// appear in time. kConnect: the target does not answer the reads.
Outcome<std::vector<std::string>> scan_partitions(const base::SysPaths& sys, const Disk& disk,
                                                  base::Clock& clock, const Patience& patience);

/// The partitions in sysfs, when they are stable and have device nodes. While the kernel scans,
/// sysfs shows fewer of them. Sleeps as long as the target does not answer the reads of the scan.
/// Errors: the partitions are not stable in time.
base::Result<std::vector<std::string>> await_partitions(const base::SysPaths& sys, const Disk& disk,
                                                        base::Clock& clock,
                                                        const base::Deadline& deadline);

/// Makes the links and the files. kHandOver: one of them cannot be written.
Outcome<base::Nothing> hand_over(const Root& root, const Network& network,
                                 const base::SysPaths& sys);

/// The text of /run/nvmeroot/root.
std::string root_file(const Root& root, const Network& network);

/// True if an earlier run handed a root over and its controller still exists. The caller must then
/// not connect or disconnect anything.
bool handed_over_already(const base::SysPaths& sys);

}  // namespace boot
