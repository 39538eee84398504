// SPDX-License-Identifier: GPL-2.0-or-later
//
// The part of the plan that comes after the lease: the target that the DHCP server names.
#pragma once

#include <string_view>

#include "boot/failure.h"
#include "boot/plan/plan.h"

namespace boot {

/// The target that DHCP option 17 names, which must be one nvme+tcp URI; an empty one is an error
/// too. kNotAsked: it names a root of another protocol, and the plan does not specify the protocol.
/// kConfig: it contradicts the keys of the plan. REQUIRES: plan.target_from_dhcp
Outcome<Target> target_of_root_path(std::string_view root_path, const BootPlan& plan);

}  // namespace boot
