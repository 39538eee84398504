// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>

namespace base {

/// `value` with that many decimals, rounded, as printf(3) writes it; without printf,
/// whose floating point takes 40 KB of the static boot client. REQUIRES: |value| * 10^decimals fits
/// int64_t
std::string decimal_text(double value, unsigned decimals);

}  // namespace base
