// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/cli/suggestion.h"

#include "base/text.h"

namespace base {

std::string did_you_mean(std::string_view word, const std::vector<std::string_view>& candidates) {
    const std::string_view near = nearest(word, candidates);
    return near.empty() ? "" : "; did you mean " + quoted(near) + "?";
}

}  // namespace base
