// SPDX-License-Identifier: GPL-2.0-or-later
//
// `nvmeroot complete`: the work for the root after the boot, which continues with the first
// working path. When the real root runs, this connects the others, by the record that the
// boot left (path_record.h) and with the secrets that the kernel has, and sets the times of all of
// them again.
#pragma once

#include <string>
#include <vector>

#include "base/sys_paths.h"
#include "boot/exit_code.h"
#include "boot/plan/identity.h"

namespace boot {

/// One sentence for each of etc/nvme/hostnqn and hostid of the real root that differs from what the
/// boot used. nvme-cli would then connect as another host, which the kernel refuses.
std::vector<std::string> identity_mismatches(const HostIdentity& host, const base::SysPaths& sys);

/// kNotAsked where no boot left a record; else as `boot`, for the worst of the missing paths.
/// A path that is there already is success.
ExitCode complete_command(const base::SysPaths& sys);

}  // namespace boot
