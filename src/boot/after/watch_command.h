// SPDX-License-Identifier: GPL-2.0-or-later
//
// `nvmeroot watch`: in the real root, as long as the machine runs. Reads the kernel's log, holds
// each reconnect of the root's controllers against the policy of the boot (downgrade.h), and acts
// as the key on_downgrade says: log, cut that path, or stop the machine. As long as a path is lost,
// it shortens the kernel's wait for mute targets (admin_timeout.h).
#pragma once

#include "base/sys_paths.h"
#include "boot/exit_code.h"

namespace boot {

/// Returns only when it cannot do its work: kNotAsked where no boot left a record.
ExitCode watch_command(const base::SysPaths& sys);

}  // namespace boot
