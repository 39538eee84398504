// SPDX-License-Identifier: GPL-2.0-or-later
//
// Text in two columns, as a help text has it.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace base {

struct TwoColumns {
    std::string left;
    std::string_view right;
};

/// A line for each row, `  left  right`. The right column begins behind the widest left text; a
/// left text of more than 30 characters has a line of its own. Widths are counted in characters of
/// UTF-8.
std::string in_columns(std::span<const TwoColumns> rows);

}  // namespace base
