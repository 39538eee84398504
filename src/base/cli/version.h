// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string_view>

namespace base {

/// Of all programs; NEWS.md says what changed.
inline constexpr std::string_view kVersion = "0.1";

}  // namespace base
