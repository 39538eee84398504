// SPDX-License-Identifier: GPL-2.0-or-later
//
// NetworkPlan in, a configured network out. Each interface of the plan is a small machine of its
// own (appear, carrier, lease, address, duplicate address detection), and all of them are driven by
// one loop, so that a dead interface does not delay a live one's packets. What exists already and
// is as wanted is left as it is; interface names are changed by ifname= alone.
#pragma once

#include "base/clock.h"
#include "base/result.h"
#include "boot/net/interfaces.h"
#include "boot/net/network_plan.h"

namespace boot {

/// Brings the loopback and the plan's interfaces up, and returns when each of them is ready or has
/// failed. At least one must be ready; all failures are in the error otherwise.
/// @param deadline  the end of all waiting, whatever the plan's own timeouts say
/// @param is_enough  asked when an interface is ready by one of its methods and the others are all
///                   that is still awaited: they are not, if it says done; null: all are awaited
base::Result<Network> bring_up(const NetworkPlan& plan, base::Clock& clock, base::Deadline deadline,
                               const IsEnough& is_enough = nullptr);

}  // namespace boot
