// SPDX-License-Identifier: GPL-2.0-or-later
//
// JSON in, and the only user of json-c. Strict: RFC 8259 and nothing around it,
// UTF-8 alone, at most 32 levels.
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
    std::string text;  ///< of a string; a number as it is written; `true`, `false`
    std::vector<JsonValue> items;
    std::vector<JsonMember> members;  ///< of two equal names the last

    /// @param name  stands for the text in errors, which quote none of it
    static Result<JsonValue> parse(std::string_view text, const std::string& name);

    [[nodiscard]] const JsonValue* find(std::string_view member) const;
};

struct JsonMember {
    std::string name;
    JsonValue value;
};

}  // namespace base
