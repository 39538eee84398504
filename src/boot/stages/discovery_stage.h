// SPDX-License-Identifier: GPL-2.0-or-later
//
// The stage that queries discovery services for the portals of the root. It reads their logs from
// user space, all services of a round at once. If a service requires authentication, the kernel
// connects to it, under the same rules as to a root, and the stage reads the log through its
// character device and disconnects.
#pragma once

#include <vector>

#include "boot/stages/boot.h"

namespace boot {

/// `known`, the portals that the plan itself names, and the portals of its discovery services. The
/// subsystem of the plan becomes the one that was found.
/// Failures: discovery_walk.h's. If `known` has portals, the boot continues with them instead.
Outcome<std::vector<Portal>> discovery_stage(Machine& machine, const Network& network,
                                             std::vector<Portal> known);

}  // namespace boot
