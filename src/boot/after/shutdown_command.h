// SPDX-License-Identifier: GPL-2.0-or-later
//
// `nvmeroot shutdown`: prepares the root for the shutdown. At run time, a machine waits forever for
// a lost root; at shutdown it must not.
//
//     live                       the kernel soon gives up a target that dies from now on
//     lost, back in 8 seconds    the same; pending writes are written
//     lost and not back          the controller is deleted and its I/O fails: the kernel's own
//                                limits count from the loss, and it never notices that a connect
//                                is hopeless; systemd gets a program that is not on that disk
//                                (stand_in.h)
#pragma once

#include "base/clock.h"
#include "base/sys_paths.h"
#include "boot/after/stand_in.h"
#include "boot/exit_code.h"

namespace boot {

/// kNotAsked if nvmeroot owns no controller of a root.
ExitCode shutdown_command(const base::SysPaths& sys, base::Clock& clock, StandIn& stand_in);

}  // namespace boot
