// SPDX-License-Identifier: GPL-2.0-or-later
//
// Small reads of sysfs, where "absent" is an answer and not an error.
#pragma once

#include <string>
#include <vector>

namespace boot {

/// The names in a folder, sorted, without those that begin with a dot; empty when there is none.
std::vector<std::string> list_folder(const std::string& path);

/// An attribute's text without white space around it; empty when it cannot be read.
std::string attribute(const std::string& path);

}  // namespace boot
