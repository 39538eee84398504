// SPDX-License-Identifier: GPL-2.0-or-later
//
// The second half of an error about an unknown word: the word that was probably meant.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace base {

/// `; did you mean "X"?`, or nothing if no candidate is near to `word`.
std::string did_you_mean(std::string_view word, const std::vector<std::string_view>& candidates);

/// The same, with one member of each row of a table as the candidates.
template <class Rows, class Name>
std::string did_you_mean(std::string_view word, const Rows& rows, Name name) {
    std::vector<std::string_view> candidates;
    for (const auto& row : rows) {
        candidates.push_back(row.*name);
    }
    return did_you_mean(word, candidates);
}

}  // namespace base
