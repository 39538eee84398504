// SPDX-License-Identifier: GPL-2.0-or-later
//
// JSON in: RFC 8259, a whole document as a tree. Small enough for the static boot client, strict
// enough for somebody else's file: UTF-8 alone, no name twice in an object, at most 32 levels.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace base {

struct JsonMember;

struct JsonValue {
    enum class Type { kNull, kBoolean, kNumber, kString, kArray, kObject };

    Type type = Type::kNull;
    std::string text;  ///< of a string, decoded; a number or a boolean as it is written
    std::vector<JsonValue> items;
    std::vector<JsonMember> members;

    /// @param name  stands for the text in errors, which name the line and do not quote the text
    static Result<JsonValue> parse(std::string_view text, const std::string& name);

    /// The member of that name, or a null value if this is not an object or has no such member.
    [[nodiscard]] const JsonValue& operator[](std::string_view member) const;
};

struct JsonMember {
    std::string name;
    JsonValue value;
};

/// The byte order mark that some editors and shells write before UTF-8 is not part of the text.
std::string_view without_byte_order_mark(std::string_view text);

}  // namespace base
