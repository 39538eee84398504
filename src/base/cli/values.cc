// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/cli/values.h"

namespace base {

Result<std::vector<std::string_view>> parse_list(std::string_view text) {
    std::vector<std::string_view> words;
    for (const std::string_view part : split(text, ',')) {
        const auto more = split_words(part);
        if (more.empty()) {
            return error("an entry of the list is empty");
        }
        words.insert(words.end(), more.begin(), more.end());
    }
    return words;
}

}  // namespace base
