// SPDX-License-Identifier: GPL-2.0-or-later
//
// The paths of the root in the format of nvme-cli 3 (nvme-fabrics.conf), so that `nvme connect-all`
// uses the same timeouts and digests. nvme-cli reads only /etc: the file is in /run, and a link in
// /etc/nvme/nvme-fabrics.conf.d, if that directory exists, points to it.
//
// If the root is authenticated, all lines are comments. nvme-cli 3 accepts these secrets only as
// text in the file (its keyring is for TLS), and without them it would connect to a target that
// does not authenticate. An administrator can copy the file to /etc and add the secrets there.
#pragma once

#include <string>

#include "base/result.h"
#include "base/sys_paths.h"
#include "boot/plan/plan.h"

namespace boot {

/// @param own_identity  writes the host's names; otherwise those of /etc/nvme apply
/// @return its lines, which are comments if the root is authenticated
std::string fabrics_conf(const BootPlan& plan, bool own_identity);

/// Writes the file and the link, or removes those of an earlier boot. The format of the file cannot
/// express half of another identity; in that case there is no file either.
base::Status offer_to_nvme_cli(const BootPlan& plan, const base::SysPaths& sys);

}  // namespace boot
