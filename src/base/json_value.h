// SPDX-License-Identifier: GPL-2.0-or-later
//
// JSON in: RFC 8259, a whole document as a tree. For files of our own, read with the care of
// somebody else's: depth and size are bounded.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace base {

struct JsonValue {
    enum class Kind { kNull, kBoolean, kNumber, kString, kArray, kObject };

    Kind kind = Kind::kNull;
    /// A string, decoded; a number or a boolean as it stands in the document.
    std::string text;
    std::vector<JsonValue> items;    ///< of an array, or the values of an object
    std::vector<std::string> names;  ///< of an object, in the order of `items`

    /// The member of that name, or a null value when this is no object or has none.
    [[nodiscard]] const JsonValue& operator[](std::string_view name) const;
};

/// Errors: not one JSON value, deeper than 16 levels, an escape that is no character.
Result<JsonValue> parse_json(std::string_view text);

}  // namespace base
