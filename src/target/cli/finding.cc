// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/cli/finding.h"

#include <string_view>

namespace target {

std::string Finding::line() const {
    const std::string_view word = verdict == Verdict::kGood      ? "ok     "
                                  : verdict == Verdict::kWarning ? "warning"
                                                                 : "bad    ";
    return std::string(word) + " " + subject + ": " + text;
}

}  // namespace target
