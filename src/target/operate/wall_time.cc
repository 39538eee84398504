// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/operate/wall_time.h"

#include <array>
#include <ctime>

namespace target {

std::string utc_text(int64_t since_1970) {
    const std::time_t time = since_1970;
    std::tm parts{};
    gmtime_r(&time, &parts);
    std::array<char, 32> text{};
    (void)std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);  // it fits
    return text.data();
}

}  // namespace target
