// SPDX-License-Identifier: GPL-2.0-or-later
//
// The data that `nvmeroot complete` needs in the real root: /run/nvmeroot/paths.json, written at
// the hand-over. The command line, the files of the image and the answers of DHCP may be absent or
// different there. The record contains no secret; the kernel keeps the secrets with the controller.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/sys_paths.h"
#include "boot/plan/plan.h"

namespace boot {

/// @param root     with all its portals and their addresses
/// @param sys      where the interfaces' Ethernet addresses are read
std::string path_record(const BootPlan& plan, const Destination& root, const base::SysPaths& sys);

/// The parts of the plan that connects need, with the portals of the record. It has the mode of
/// authentication, but not the secrets.
/// Errors: not what path_record() writes.
/// Each interface has the name that its Ethernet address has now: udev of the real root may rename
/// the card, at the latest if the boot did not bring it up.
base::Result<BootPlan> parse_path_record(std::string_view text, const base::SysPaths& sys);

/// /run/nvmeroot/paths.json
std::string path_record_file(const base::SysPaths& sys);

}  // namespace boot
