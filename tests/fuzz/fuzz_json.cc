// SPDX-License-Identifier: GPL-2.0-or-later
//
// JSON: a tree that was read and written again reads as the same tree.
#include <algorithm>
#include <cstdlib>
#include <string>

#include "base/bytes.h"
#include "base/json.h"
#include "base/json_value.h"

namespace {

using Type = base::JsonValue::Type;

bool same(const base::JsonValue& a, const base::JsonValue& b) {
    const auto same_member = [](const base::JsonMember& x, const base::JsonMember& y) {
        return x.name == y.name && same(x.value, y.value);
    };
    return a.type == b.type && a.text == b.text && std::ranges::equal(a.items, b.items, same) &&
           std::ranges::equal(a.members, b.members, same_member);
}

std::string quoted(const std::string& text) {
    base::JsonWriter json;
    return json.string(text).text();
}

std::string written(const base::JsonValue& value) {
    std::string list;
    for (const base::JsonValue& item : value.items) {
        list += (list.empty() ? "" : ",") + written(item);
    }
    for (const auto& [name, member] : value.members) {
        list += (list.empty() ? "" : ",") + quoted(name) + ":" + written(member);
    }
    switch (value.type) {
        case Type::kArray:
            return "[" + list + "]";
        case Type::kObject:
            return "{" + list + "}";
        case Type::kString:
            return quoted(value.text);
        case Type::kNull:
            return "null";
        default:
            return value.text;
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const std::string_view text = base::text_of(std::as_bytes(std::span(data, size)));
    const auto value = base::JsonValue::parse(text, "input");
    if (value) {
        const auto again = base::JsonValue::parse(written(*value), "written");
        if (!again || !same(*value, *again)) {
            std::abort();
        }
    }
    return 0;
}
