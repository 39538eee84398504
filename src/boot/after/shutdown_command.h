// SPDX-License-Identifier: GPL-2.0-or-later
//
// `nvmeroot shutdown`: what there is to do for the root before the end. At run time a machine waits
// forever for a root that is lost; when it is to be switched off it should not.
//
//     live                       a target that dies from now on is given up soon, by the kernel
//     lost, back in 8 seconds    the same; what waited is written
//     lost and not back          the controller is deleted, its I/O fails: the kernel's own limits
//                                count from the loss, and it never sees that a connect is hopeless;
//                                systemd gets a program that is not on that disk (stand_in.h)
#pragma once

#include "base/clock.h"
#include "base/sys_paths.h"
#include "boot/after/stand_in.h"
#include "boot/exit_code.h"

namespace boot {

/// kNotAsked where no controller of a root is ours.
ExitCode shutdown_command(const base::SysPaths& sys, base::Clock& clock, StandIn& stand_in);

}  // namespace boot
