// SPDX-License-Identifier: GPL-2.0-or-later
//
// `help keys`: the rows of a key table as text.
#pragma once

#include <string>
#include <string_view>

namespace base {

/// A row of a key table without its code.
struct KeyDoc {
    std::string_view section;
    std::string_view name;
    std::string_view form;      ///< what may be written: `yes|no`, `TIME`
    std::string_view fallback;  ///< the value when it is left out; empty: see help
    std::string_view help;      ///< one sentence
};

/// A key as a paragraph of two lines.
std::string key_paragraph(const KeyDoc& key);

/// Every row below its [section]; the sections' rows stand together.
/// @param title  makes the title of a section of its name
template <class Rows, class Title>
std::string keys_help(const Rows& rows, Title title) {
    std::string text;
    std::string_view section;
    for (const auto& row : rows) {
        if (row.section != section) {
            section = row.section;
            text += "\n[" + std::string(title(section)) + "]\n";
        }
        text += key_paragraph({row.section, row.name, row.form, row.fallback, row.help});
    }
    return text;
}
template <class Rows>
std::string keys_help(const Rows& rows) {
    return keys_help(rows, [](std::string_view section) { return section; });
}

}  // namespace base
