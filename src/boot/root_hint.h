// SPDX-License-Identifier: GPL-2.0-or-later
//
// root= belongs to the init, which waits for a file system of that name and says little when none
// comes. Where the disk that was handed over has file systems, and none of that name, somebody who
// stands before the machine is told what the disk has.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/sys_paths.h"

namespace boot {

/// A sentence, or nothing: the name is on the disk, the disk has no file system that is known here
/// or has LUKS, LVM or md, which may hold it, or root= is of another form (a path, PARTUUID=).
/// @param root     the value of root=: `UUID=…`, `LABEL=…` or `/dev/disk/by-uuid/…`
/// @param devices  block devices, named as in `dev`
std::string root_hint(std::string_view root, const std::vector<std::string>& devices,
                      const base::SysPaths& sys);

}  // namespace boot
