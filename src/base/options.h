// SPDX-License-Identifier: GPL-2.0-or-later
//
// Command line options as a table: a row parses, documents and is suggested for a misspelt option.
// `--name VALUE` and `--name=VALUE` mean the same. No value is quoted in an error unless its row
// does so.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/text.h"

namespace base {

template <class T>
struct Option {
    std::string_view name;  ///< with its dashes
    std::string_view form;  ///< of the value; empty: the option takes none
    std::string_view help;
    Status (*apply)(std::string_view value, T& into);
};

/// Takes the options out of `arguments`. @return what is left, in order
template <class T>
Result<std::vector<std::string_view>> parse_options(std::span<const Option<T>> table,
                                                    std::span<const std::string_view> arguments,
                                                    T& into) {
    std::vector<std::string_view> rest;
    for (size_t i = 0; i < arguments.size(); ++i) {
        const std::string_view argument = arguments[i];
        if (!argument.starts_with('-')) {
            rest.push_back(argument);
            continue;
        }
        const size_t equals = argument.find('=');
        const std::string_view name = argument.substr(0, equals);
        const Option<T>* option = nullptr;
        std::vector<std::string_view> names;
        for (const Option<T>& row : table) {
            option = row.name == name ? &row : option;
            names.push_back(row.name);
        }
        if (option == nullptr) {
            const std::string_view near = nearest(name, names);
            return error("unknown option " + std::string(name) +
                         (near.empty() ? "" : "; did you mean " + std::string(near) + "?"));
        }
        const bool inline_value = equals != std::string_view::npos;
        if (option->form.empty() ? inline_value : !inline_value && i + 1 == arguments.size()) {
            return error(std::string(name) +
                         (inline_value ? " takes no value"
                                       : " needs a value: " + std::string(option->form)));
        }
        const bool next = !option->form.empty() && !inline_value;
        const std::string_view value = next           ? arguments[++i]
                                       : inline_value ? argument.substr(equals + 1)
                                                      : "";
        if (auto status = option->apply(value, into); !status) {
            return std::move(status).error().in(name);
        }
    }
    return rest;
}

template <class T>
std::string options_help(std::span<const Option<T>> table) {
    std::string text;
    for (const Option<T>& row : table) {
        const std::string left =
            std::string(row.name) + (row.form.empty() ? "" : " ") + std::string(row.form);
        text += format("  %-28s %s\n", left.c_str(), std::string(row.help).c_str());
    }
    return text;
}

}  // namespace base
