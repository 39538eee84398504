// SPDX-License-Identifier: GPL-2.0-or-later
//
// `nvmeroot watch`: in the real root, as long as the machine runs. Reads the kernel's log from the
// boot's proof on (path_history.h) and guards the root's paths by it (path_guard.h). As long as a
// path is lost, it shortens the kernel's wait for mute targets (admin_timeout.h); it prepares the
// end of a machine whose root is lost (stand_in.h).
#pragma once

#include "base/sys_paths.h"
#include "boot/exit_code.h"

namespace boot {

/// Returns only when it cannot do its work: kNotAsked where no boot left a record.
ExitCode watch_command(const base::SysPaths& sys);

}  // namespace boot
