// SPDX-License-Identifier: GPL-2.0-or-later
//
// The file system's module, ahead of the mount that needs it. Where udev runs it would load it as
// well, and the mount itself asks the kernel for it; but both come after their turn, and on a
// machine with one processor the boot client goes first (main.cc).
//
// A file system is known by its superblock's magic, at a fixed place.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/sys_paths.h"

namespace boot {

/// @param device  path of a block device or an image. @return the kernel's name for the file system
/// on it: `ext4`; empty where there is none that a root usually has, or the device cannot be read.
std::string file_system_on(const std::string& device);

/// @param devices  block devices, named as in `dev`. @return the file systems on them, each once
std::vector<std::string> file_systems_on(const std::vector<std::string>& devices,
                                         const base::SysPaths& sys);

/// Loads the modules of file systems. What does not load is no error: the mount will tell.
void load_file_systems(const std::vector<std::string_view>& names, const base::SysPaths& sys);

}  // namespace boot
