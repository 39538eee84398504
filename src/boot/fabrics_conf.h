// SPDX-License-Identifier: GPL-2.0-or-later
//
// The root's paths in the words of nvme-cli 3 (nvme-fabrics.conf), so that `nvme connect-all` knows
// them by the same times and digests. nvme-cli reads /etc alone: the file is in /run, and a link in
// /etc/nvme/nvme-fabrics.conf.d, where that folder exists, leads to it.
//
// Where the root is authenticated there is none: the file would need the secrets in the clear, and
// without them nvme-cli would connect to a target that asks for no proof.
#pragma once

#include <string>

#include "base/result.h"
#include "base/sys_paths.h"
#include "boot/plan.h"

namespace boot {

/// @param own_identity  states the host's names; otherwise they are those of /etc/nvme
std::string fabrics_conf(const BootPlan& plan, bool own_identity);

/// Writes the file and the link, or takes away what an earlier boot has left of them. Half of
/// another identity cannot be said in the file's rules; then there is none either.
base::Status offer_to_nvme_cli(const BootPlan& plan, const base::SysPaths& sys);

}  // namespace boot
