// SPDX-License-Identifier: GPL-2.0-or-later
//
// Values as the rows of a key or option table parse and store them.
#pragma once

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/text.h"

namespace base {

/// Stores the value that a parser returned, or passes its error on.
template <class T, class U>
Status store(Result<T> parsed, U& into) {
    if (!parsed) {
        return std::move(parsed).error();
    }
    into = static_cast<U>(std::move(parsed).value());
    return done();
}

/// A word and its value; the rows of a choice are also its help.
template <class T>
struct Choice {
    std::string_view word;
    T value;
};

/// Errors: a word that is not among the choices.
template <class T, size_t count>
Result<T> parse_choice(std::string_view text, const std::array<Choice<T>, count>& choices) {
    std::string allowed;
    for (const Choice<T>& choice : choices) {
        if (text == choice.word) {
            return choice.value;
        }
        allowed += (allowed.empty() ? "" : ", ") + std::string(choice.word);
    }
    return error(quoted(text) + " is not one of " + allowed);
}

/// The word of a value, which is among the choices.
template <class T, size_t count>
std::string_view word_of(const T& value, const std::array<Choice<T>, count>& choices) {
    return std::ranges::find(choices, value, &Choice<T>::value)->word;
}

/// Words separated by commas or white space. Errors: an empty entry.
Result<std::vector<std::string_view>> parse_list(std::string_view text);

/// A list of names that `find` knows. Errors: an unknown name, one that is given twice.
template <class T>
Result<std::vector<T>> parse_names(std::string_view text,
                                   std::optional<T> (*find)(std::string_view),
                                   std::string_view kind) {
    TRY(const auto words, parse_list(text));
    std::vector<T> values;
    for (const std::string_view word : words) {
        const std::optional<T> value = find(word);
        if (!value) {
            return error(quoted(word) + " is not " + std::string(kind));
        }
        if (std::ranges::find(values, *value) != values.end()) {
            return error(quoted(word) + " is given twice");
        }
        values.push_back(*value);
    }
    return values;
}

}  // namespace base
