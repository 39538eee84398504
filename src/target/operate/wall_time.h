// SPDX-License-Identifier: GPL-2.0-or-later
//
// Moments as people and other programs write them.
#pragma once

#include <cstdint>
#include <string>

namespace target {

/// `2024-08-05T10:00:00Z`. @param since_1970  seconds
std::string utc_text(int64_t since_1970);

}  // namespace target
