// SPDX-License-Identifier: GPL-2.0-or-later
//
// One image for a fleet: NQNs with variables that each machine replaces by its own values.
//
//     nvmeroot.hostnqn=nqn.2024-08.com.example:host.${serial}
//     nvmeroot=nvme+tcp://192.0.2.10/nqn.2024-08.com.example:disk.${mac}/1
//
// They are replaced when the network is up, because an Ethernet address and a host name are known
// only then.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/sys_paths.h"
#include "boot/failure.h"
#include "boot/net/interfaces.h"
#include "boot/plan/plan.h"

namespace boot {

/// The values of this machine; empty if it has none.
struct MachineNames {
    std::string uuid;      ///< the DMI product UUID
    std::string serial;    ///< the DMI product serial number
    std::string mac;       ///< of the first interface: 52-54-00-12-34-56
    std::string hostname;  ///< from DHCP, else from ip=
};

MachineNames machine_names(const Network& network, const NetworkPlan& plan,
                           const base::SysPaths& sys);

/// The text with each ${name} replaced; characters other than letters, digits, dot, hyphen and
/// underscore become hyphens. Errors: an unknown name, a name for which this machine has no
/// value, a brace that is not closed.
base::Result<std::string> fill_in(std::string_view text, const MachineNames& names);

/// Fills in the NQNs of the plan and of the target, which is the plan's or the lease's.
/// kConfig: as fill_in, or the result is not an NQN.
Outcome<Destination> fill_in_names(const MachineNames& names, const BootPlan& plan, Target target);

}  // namespace boot
