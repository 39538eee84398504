// SPDX-License-Identifier: GPL-2.0-or-later
//
// What `nvmeroot complete` must know in the real root about the boot that it completes:
// /run/nvmeroot/paths.json, written at the hand-over. The command line, the image's files and
// DHCP's answers are not there any more, or not the same. No secret is in it: the kernel keeps them
// with the controller.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/sys_paths.h"
#include "boot/plan/plan.h"

namespace boot {

/// @param portals  all that the target has, with their addresses
std::string path_record(const BootPlan& plan, const std::vector<Portal>& portals);

/// The plan as far as connects need it, its portals those of the record. The modes of
/// authentication are there, the secrets are not.
/// Errors: not what path_record() writes.
base::Result<BootPlan> parse_path_record(std::string_view text);

/// /run/nvmeroot/paths.json
std::string path_record_file(const base::SysPaths& sys);

}  // namespace boot
