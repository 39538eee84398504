// SPDX-License-Identifier: GPL-2.0-or-later
//
// The stage that asks discovery services where the root answers. Their logs are read from user
// space, all services of a round at once; one that wants authentication is connected by the kernel,
// proven like a root, read through its character device and disconnected again.
#pragma once

#include <vector>

#include "boot/stages/boot.h"

namespace boot {

/// `known`, the portals that the plan names itself, and what its discovery services know beside
/// them. The plan's subsystem is then the one that was found.
/// Failures: discovery_walk.h's, unless `known` has portals: those are then gone on with.
Outcome<std::vector<Portal>> discovery_stage(Machine& machine, const Network& network,
                                             std::vector<Portal> known);

}  // namespace boot
