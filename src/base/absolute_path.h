// SPDX-License-Identifier: GPL-2.0-or-later
//
// Names of files as the kernel and other programs must be told them, which know no working
// directory of ours.
#pragma once

#include <string>

namespace base {

/// As seen from anywhere, links followed; the path itself where nothing has that name.
/// @param path  empty: the working directory
std::string absolute_path(const std::string& path);

}  // namespace base
