// SPDX-License-Identifier: GPL-2.0-or-later
//
// Whether the target is there: one TCP connection to one of its portals or discovery services, and
// not a word said. network.h asks while a part of the network is still awaited.
#pragma once

#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/sys_paths.h"
#include "boot/net/interfaces.h"
#include "boot/plan/plan.h"

namespace boot {

/// Resolves names, and waits some seconds for a connection. Errors: nobody answers, no name has an
/// address.
base::Status reach(const std::vector<Portal>& portals, const Network& network,
                   const base::SysPaths& sys, const base::Clock& clock);

}  // namespace boot
