// SPDX-License-Identifier: GPL-2.0-or-later
//
// Checks whether the target can be reached: one TCP connection to one of its portals or discovery
// services, without any message. network.h uses it while a part of the network is not ready yet.
#pragma once

#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/sys_paths.h"
#include "boot/net/interfaces.h"
#include "boot/plan/plan.h"

namespace boot {

/// Resolves names, and waits some seconds for a connection. Errors: no portal answers, no name has
/// an address.
base::Status reach(const std::vector<Portal>& portals, const Network& network,
                   const base::SysPaths& sys, const base::Clock& clock);

}  // namespace boot
