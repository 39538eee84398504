// SPDX-License-Identifier: GPL-2.0-or-later
//
// The stage that queries discovery services for the portals of the root. It reads their logs from
// user space, all services of a round at once. If a service requires authentication, the kernel
// connects to it, under the same rules as to a root, and the stage reads the log through its
// character device and disconnects.
#pragma once

#include "boot/stages/boot.h"

namespace boot {

/// The destination with the addresses of its portals, and with the subsystem and the portals that
/// its discovery services name. Failures: discovery_walk.h's. If the destination has portals of its
/// own, the boot continues with them instead.
Outcome<Destination> discovery_stage(Machine& machine, const OnNetwork& up);

}  // namespace boot
