// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/decimal.h"

#include <cmath>
#include <cstdint>
#include <cstdlib>

namespace base {

std::string decimal_text(double value, unsigned decimals) {
    int64_t scale = 1;
    for (unsigned i = 0; i < decimals; ++i) {
        scale *= 10;
    }
    const int64_t scaled = std::llround(value * static_cast<double>(scale));
    const int64_t size = std::abs(scaled);
    std::string text = (scaled < 0 ? "-" : "") + std::to_string(size / scale);
    if (decimals > 0) {
        const std::string fraction = std::to_string(size % scale);
        text += '.' + std::string(decimals - fraction.size(), '0') + fraction;
    }
    return text;
}

}  // namespace base
