// SPDX-License-Identifier: GPL-2.0-or-later
//
// Command line options as a table: a row parses, documents and is suggested for a misspelt option.
// `--name VALUE` and `--name=VALUE` mean the same. No value is quoted in an error unless its row
// does so.
#pragma once

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/cli/columns.h"
#include "base/cli/suggestion.h"
#include "base/result.h"

namespace base {

using Words = std::span<const std::string_view>;

template <class T>
struct Option {
    std::string_view name;  ///< with its dashes
    std::string_view form;  ///< of the value; empty: the option takes none
    std::string_view help;
    Status (*apply)(std::string_view value, T& into);
};

/// The name in a word `--name` or `--name=VALUE`.
std::string_view option_name(std::string_view word);

/// The value of the option at `words[at]`, which the next word may be: `at` then moves to it.
/// @param form  as in the option's row
/// Errors: a value that is missing, or one too many.
Result<std::string_view> option_value(Words words, size_t& at, std::string_view form);

Error unknown_option(std::string_view name, const std::string& suggestion);

/// Takes the options out of `words`. @return the operands, in order
template <class T>
Result<std::vector<std::string_view>> parse_options(std::span<const Option<T>> table, Words words,
                                                    T& into) {
    std::vector<std::string_view> operands;
    for (size_t at = 0; at < words.size(); ++at) {
        if (!words[at].starts_with('-')) {
            operands.push_back(words[at]);
            continue;
        }
        const std::string_view name = option_name(words[at]);
        const auto option = std::ranges::find(table, name, &Option<T>::name);
        if (option == table.end()) {
            return unknown_option(name, did_you_mean(name, table, &Option<T>::name));
        }
        TRY(const std::string_view value, option_value(words, at, option->form));
        if (auto status = option->apply(value, into); !status) {
            return std::move(status).error().in(name);
        }
    }
    return operands;
}

template <class T>
std::string options_help(std::span<const Option<T>> table) {
    std::vector<TwoColumns> rows;
    for (const Option<T>& row : table) {
        rows.push_back(
            {std::string(row.name) + (row.form.empty() ? "" : " ") + std::string(row.form),
             row.help});
    }
    return in_columns(rows);
}

}  // namespace base
