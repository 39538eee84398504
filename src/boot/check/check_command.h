// SPDX-License-Identifier: GPL-2.0-or-later
//
// `nvmeroot check DEV`: the verdict on one NVMe namespace of a running system, over any transport.
// It also works on a disk of 0 bytes, which is the case that it explains.
#pragma once

#include <string>

#include "base/result.h"
#include "base/sys_paths.h"
#include "boot/exit_code.h"
#include "boot/plan/plan.h"

namespace boot {

/// A namespace of this machine: its controller and its place in sysfs.
struct CheckedDevice {
    std::string controller;  ///< nvme0, a live one
    std::string disk;        ///< nvme0n1
    std::string sysfs;       ///< directory of the disk
    uint32_t nsid = 0;
};

/// @param device  a disk or one of its partitions, by path or name; links are followed
/// Errors: not an NVMe disk, or no live controller has it.
base::Result<CheckedDevice> find_device(const std::string& device, const base::SysPaths& sys);

/// Prints the format, the kernel's view and the verdict, and for a namespace that exposes its
/// checksums the result of an audit of the blocks that `audit` names.
/// @return kDone; kFormat if this kernel cannot read the namespace or disagrees about it, or if a
/// block does not match; kNamespace if the device is not a namespace or does not answer
ExitCode check_command(const std::string& device, const AuditPolicy& audit, bool json,
                       const base::SysPaths& sys);

}  // namespace boot
