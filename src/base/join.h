// SPDX-License-Identifier: GPL-2.0-or-later
//
// Lists as text.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace base {

/// Appends a part to a list; a separator goes before it unless the list is empty.
inline void append_part(std::string& list, std::string_view separator, std::string_view part) {
    list.append(list.empty() ? "" : separator).append(part);
}

/// The parts with separators between them. @param text  makes the text of a part
template <class Range, class Text = std::identity>
std::string join(const Range& parts, std::string_view separator, Text text = {}) {
    std::string list;
    bool first = true;
    for (const auto& part : parts) {
        list.append(first ? "" : separator).append(std::invoke(text, part));
        first = false;
    }
    return list;
}

}  // namespace base
