// SPDX-License-Identifier: GPL-2.0-or-later
//
// `nvmeroot check DEV`: the verdict on one NVMe namespace of a running system, over whichever
// transport. It works on a disk of 0 bytes, which is when it is wanted most.
#pragma once

#include <string>

#include "base/result.h"
#include "base/sys_paths.h"
#include "boot/exit_code.h"
#include "boot/plan/plan.h"

namespace boot {

/// A namespace of this machine: how to ask for it and where the kernel shows it.
struct CheckedDevice {
    std::string controller;  ///< nvme0, one that is live
    std::string disk;        ///< nvme0n1
    std::string sysfs;       ///< directory of the disk
    uint32_t nsid = 0;
};

/// @param device  a disk or one of its partitions, by path or name; links are followed
/// Errors: no NVMe disk, or no live controller has it.
base::Result<CheckedDevice> find_device(const std::string& device, const base::SysPaths& sys);

/// Prints format, the kernel's view and the verdict, and what an audit of the blocks that `audit`
/// names found, of a namespace that shows its checksums.
/// @return kDone, kFormat when this kernel cannot read the namespace or disagrees about it, or a
/// block does not match, kNamespace when the device is none or does not answer
ExitCode check_command(const std::string& device, const AuditPolicy& audit, bool json,
                       const base::SysPaths& sys);

}  // namespace boot
