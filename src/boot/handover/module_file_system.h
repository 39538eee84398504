// SPDX-License-Identifier: GPL-2.0-or-later
//
// The file system's module, ahead of the mount that needs it. Where udev runs it would load it as
// well, and the mount itself asks the kernel for it; but both come after their turn, and on a
// machine with one processor the boot client goes first (main.cc).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/sys_paths.h"

namespace boot {

/// @param devices  block devices, named as in `dev`. @return the file systems on them, each once
std::vector<std::string> file_systems_on(const std::vector<std::string>& devices,
                                         const base::SysPaths& sys);

/// Loads the modules of file systems. What does not load is no error: root_hint.h and the mount
/// will tell.
void load_file_systems(const std::vector<std::string_view>& names, const base::SysPaths& sys);

}  // namespace boot
