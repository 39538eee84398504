// SPDX-License-Identifier: GPL-2.0-or-later
//
// The controllers of the root in sysfs: their connections, the time for which the kernel tries to
// reconnect a lost one, the kernel's copies of their secrets, and the entries that make `nvme
// disconnect-all` spare them.
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

/// Whether the kernel has a working connection to the target now.
bool is_live(const std::string& controller, const base::SysPaths& sys);

/// Sets the timeouts of a running controller, which udev rules of others may have changed.
base::Status set_times(const std::string& controller, const ConnectOptions& options,
                       const base::SysPaths& sys);

/// How the kernel chooses among the paths of a subsystem. An empty policy changes nothing.
base::Status set_io_policy(const std::string& subsysnqn, const std::string& policy,
                           const base::SysPaths& sys);

/// The kernel's copies of the secrets; empty if it has none.
base::Status take_secrets(const std::string& controller, AuthPlan& auth, const base::SysPaths& sys);

/// Those of the first of `controllers` that the kernel keeps all of them for: one that somebody
/// else connected may have none, one that is going has no files. Errors: the last one's.
base::Status take_any_secrets(const std::vector<std::string>& controllers, AuthPlan& auth,
                              const base::SysPaths& sys);

/// /run/nvme/registry/CONTROLLER/{owner,seqnum}, which nvme-cli 3 reads.
base::Status register_owner(const std::string& controller, const base::SysPaths& sys);
/// The existing controllers that have such an entry of nvmeroot.
std::vector<std::string> owned_controllers(const base::SysPaths& sys);

}  // namespace boot
