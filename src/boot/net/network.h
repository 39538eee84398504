// SPDX-License-Identifier: GPL-2.0-or-later
//
// NetworkPlan in, a configured network out. Each interface of the plan is a small state machine
// (appear, carrier, lease, address, duplicate address detection). One loop runs all of them, so
// that a dead interface does not delay the packets of a live one. Existing settings that match the
// plan are not changed. Only ifname= changes interface names.
#pragma once

#include "base/clock.h"
#include "base/result.h"
#include "boot/net/interfaces.h"
#include "boot/net/network_plan.h"

namespace boot {

/// Brings the loopback and the plan's interfaces up, and returns when each of them is ready or has
/// failed. At least one must be ready; all failures are in the error otherwise.
/// @param deadline  the end of all waiting, whatever the plan's own timeouts say
/// @param is_enough  called if an interface is ready by one of its methods and only the other
///                   methods are still awaited; if it returns success, they are not; null: all are awaited
base::Result<Network> bring_up(const NetworkPlan& plan, base::Clock& clock, base::Deadline deadline,
                               const IsEnough& is_enough = nullptr);

}  // namespace boot
