// SPDX-License-Identifier: GPL-2.0-or-later
//
// Loads the module of the file system before the mount that needs it. If udev runs, it would load
// the module too, and the mount itself asks the kernel for it. But both run later, and on a machine
// with one processor the boot client runs first (main.cc).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/sys_paths.h"

namespace boot {

/// @param devices  block devices, named as in `dev`. @return the file systems on them, each once
std::vector<std::string> file_systems_on(const std::vector<std::string>& devices,
                                         const base::SysPaths& sys);

/// Loads the modules of file systems. A module that does not load is not an error: root_hint.h and
/// the mount report it.
void load_file_systems(const std::vector<std::string_view>& names, const base::SysPaths& sys);

}  // namespace boot
