// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/cli/columns.h"

#include <algorithm>

namespace base {
namespace {

constexpr size_t kWidest = 30;

/// Each byte that does not continue a character begins one.
size_t width_of(std::string_view text) {
    return static_cast<size_t>(std::ranges::count_if(
        text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

}  // namespace

std::string in_columns(std::span<const TwoColumns> rows) {
    size_t width = 0;
    for (const TwoColumns& row : rows) {
        const size_t own = width_of(row.left);
        width = own > kWidest ? width : std::max(width, own);
    }
    std::string text;
    for (const TwoColumns& row : rows) {
        const size_t own = width_of(row.left);
        text += "  " + row.left;
        text +=
            own > width ? "\n" + std::string(width + 4, ' ') : std::string(width - own + 2, ' ');
        text += row.right;
        text += '\n';
    }
    return text;
}

}  // namespace base
