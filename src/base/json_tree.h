// SPDX-License-Identifier: GPL-2.0-or-later
//
// JSON in, for the boot client, which carries no json-c (json_value.h): RFC 8259, a whole document
// as a tree. For files of our own, read with the care of somebody else's: the depth is bounded.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace base {

struct JsonTree {
    enum class Kind { kNull, kBoolean, kNumber, kString, kArray, kObject };

    Kind kind = Kind::kNull;
    /// A string, decoded; a number or a boolean as it stands in the document.
    std::string text;
    std::vector<JsonTree> items;     ///< of an array, or the values of an object
    std::vector<std::string> names;  ///< of an object, in the order of `items`

    /// The member of that name, or a null value when this is no object or has none.
    [[nodiscard]] const JsonTree& operator[](std::string_view name) const;
};

/// Errors: not one JSON value, deeper than 16 levels, an escape that is no character.
Result<JsonTree> parse_json(std::string_view text);

}  // namespace base
