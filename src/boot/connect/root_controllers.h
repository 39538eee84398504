// SPDX-License-Identifier: GPL-2.0-or-later
//
// The controllers that serve the root, seen and set through sysfs: what they are connected to, how
// long the kernel tries to get a lost one back, the secrets it keeps for them, and the entries that
// make `nvme disconnect-all` spare them.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "base/secret.h"
#include "base/sys_paths.h"
#include "boot/plan/plan.h"

namespace boot {

/// Whether one of the controllers is connected to the portal, or trying to be.
bool is_connected(const Portal& portal, const std::vector<std::string>& controllers,
                  const base::SysPaths& sys);

/// Whether the kernel has a working connection to its target at the moment.
bool is_live(const std::string& controller, const base::SysPaths& sys);

/// Sets the times of a controller that runs. udev rules of others may have changed them.
base::Status set_times(const std::string& controller, const ConnectOptions& options,
                       const base::SysPaths& sys);

/// How the kernel chooses among the paths of a subsystem. An empty policy changes nothing.
base::Status set_io_policy(const std::string& subsysnqn, const std::string& policy,
                           const base::SysPaths& sys);

/// The kernel's copies of the secrets; empty where it has none.
base::Status take_secrets(const std::string& controller, AuthPlan& auth, const base::SysPaths& sys);

/// /run/nvme/registry/CONTROLLER/{owner,seqnum}, which nvme-cli 3 reads.
base::Status register_owner(const std::string& controller, const base::SysPaths& sys);
/// The controllers with such an entry of ours that exist.
std::vector<std::string> owned_controllers(const base::SysPaths& sys);

}  // namespace boot
