// SPDX-License-Identifier: GPL-2.0-or-later
//
// One sentence of the doctor.
#pragma once

#include <string>

namespace target {

struct Finding {
    enum class Verdict { kGood, kWarning, kBad };

    Verdict verdict = Verdict::kGood;
    std::string subject;  ///< one word or two
    std::string text;

    /// `ok    files: …`
    [[nodiscard]] std::string line() const;
};

}  // namespace target
