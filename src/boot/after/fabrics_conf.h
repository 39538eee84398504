// SPDX-License-Identifier: GPL-2.0-or-later
//
// The root's paths in the words of nvme-cli 3 (nvme-fabrics.conf), so that `nvme connect-all` knows
// them by the same times and digests. nvme-cli reads /etc alone: the file is in /run, and a link in
// /etc/nvme/nvme-fabrics.conf.d, where that directory exists, leads to it.
//
// Where the root is authenticated all lines are comments: nvme-cli 3 takes these secrets as text in
// the file alone (its keyring is for TLS), and without them it would connect to a target that
// proves nothing. An administrator who keeps them in a file of /etc has all the other words.
#pragma once

#include <string>

#include "base/result.h"
#include "base/sys_paths.h"
#include "boot/plan/plan.h"

namespace boot {

/// @param own_identity  states the host's names; otherwise they are those of /etc/nvme
/// @return its lines, each a comment where the root is authenticated
std::string fabrics_conf(const BootPlan& plan, bool own_identity);

/// Writes the file and the link, or takes away what an earlier boot has left of them. Half of
/// another identity cannot be said in the file's rules; then there is none either.
base::Status offer_to_nvme_cli(const BootPlan& plan, const base::SysPaths& sys);

}  // namespace boot
