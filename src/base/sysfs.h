// SPDX-License-Identifier: GPL-2.0-or-later
//
// Small reads of sysfs, where "absent" is an answer and not an error. The kernel makes a device's
// attributes one after the other, so an absent attribute is another answer than one that says 0 or
// nothing: each caller decides whether it is "not yet" or "never".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace boot {

/// The names in a directory, sorted, without those that begin with a dot; empty when there is none.
std::vector<std::string> list_folder(const std::string& path);

/// An attribute's text without white space around it; absent when it cannot be read.
std::optional<std::string> attribute(const std::string& path);

/// An attribute that is a number; absent too when it says anything else.
std::optional<uint64_t> number_attribute(const std::string& path);

}  // namespace boot
