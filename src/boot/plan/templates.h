// SPDX-License-Identifier: GPL-2.0-or-later
//
// One image for a fleet: NQNs with places that each machine fills in for itself.
//
//     nvmeroot.hostnqn=nqn.2024-08.com.example:host.${serial}
//     nvmeroot=nvme+tcp://192.0.2.10/nqn.2024-08.com.example:disk.${mac}/1
//
// They are filled in when the network is up, since only then an Ethernet address and a host name
// are known.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/sys_paths.h"
#include "boot/failure.h"
#include "boot/net/interfaces.h"
#include "boot/plan/plan.h"

namespace boot {

/// What this machine has to fill in; empty where it has nothing.
struct MachineNames {
    std::string uuid;      ///< the DMI product UUID
    std::string serial;    ///< the DMI product serial number
    std::string mac;       ///< of the first interface: 52-54-00-12-34-56
    std::string hostname;  ///< from DHCP, else from ip=
};

MachineNames machine_names(const Network& network, const NetworkPlan& plan,
                           const base::SysPaths& sys);

/// The text with each ${name} replaced; characters other than letters, digits, dot, hyphen and
/// underscore become hyphens. Errors: a name that is none of the four, one for which this machine
/// has nothing, a brace that is not closed.
base::Result<std::string> fill_in(std::string_view text, const MachineNames& names);

/// Fills in the NQNs of the plan. kConfig, the plan unchanged: as fill_in, or no NQN comes of it.
Outcome<base::Nothing> fill_in_names(const MachineNames& names, BootPlan& plan);

}  // namespace boot
