// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/json_value.h"

#include <json-c/json.h>

#include <algorithm>
#include <climits>
#include <memory>

namespace base {
namespace {

struct FreeTokener {
    void operator()(json_tokener* tokener) const { json_tokener_free(tokener); }
};
struct FreeObject {
    void operator()(json_object* object) const { json_object_put(object); }
};

JsonValue copy(json_object* from) {
    using Type = JsonValue::Type;
    JsonValue value;
    switch (json_object_get_type(from)) {
        case json_type_null:
            break;
        case json_type_boolean:
            value.type = Type::kBoolean;
            value.text = json_object_get_boolean(from) != 0 ? "true" : "false";
            break;
        case json_type_double:
        case json_type_int:
            value.type = Type::kNumber;
            value.text = json_object_to_json_string(from);
            break;
        case json_type_string:
            value.type = Type::kString;
            value.text.assign(json_object_get_string(from),
                              static_cast<size_t>(json_object_get_string_len(from)));
            break;
        case json_type_array:
            value.type = Type::kArray;
            for (size_t i = 0; i < json_object_array_length(from); ++i) {
                value.items.push_back(copy(json_object_array_get_idx(from, i)));
            }
            break;
        case json_type_object: {
            value.type = Type::kObject;
            json_object_object_foreach(from, name, member) {
                value.members.push_back({name, copy(member)});
            }
            break;
        }
    }
    return value;
}

}  // namespace

Result<JsonValue> JsonValue::parse(std::string_view text, const std::string& name) {
    if (text.size() > INT_MAX - 1 || text.find('\0') != std::string_view::npos) {
        return error(name + ": not JSON: it is too long or holds a NUL byte");
    }
    constexpr int kMaxDepth = 32;
    const std::unique_ptr<json_tokener, FreeTokener> tokener(json_tokener_new_ex(kMaxDepth));
    int flags = JSON_TOKENER_STRICT;
#ifdef JSON_TOKENER_VALIDATE_UTF8
    flags |= JSON_TOKENER_VALIDATE_UTF8;
#endif
    json_tokener_set_flags(tokener.get(), flags);
    // The NUL behind the text tells the parser that it ends there.
    const std::string terminated(text);
    const std::unique_ptr<json_object, FreeObject> object(json_tokener_parse_ex(
        tokener.get(), terminated.c_str(), static_cast<int>(terminated.size()) + 1));
    const json_tokener_error status = json_tokener_get_error(tokener.get());
    if (status != json_tokener_success) {
        const auto end = std::min(json_tokener_get_parse_end(tokener.get()), terminated.size());
        const auto line = 1 + std::count(terminated.begin(),
                                         terminated.begin() + static_cast<ptrdiff_t>(end), '\n');
        return error(name + ":" + std::to_string(line) +
                     ": not JSON: " + json_tokener_error_desc(status));
    }
    return copy(object.get());
}

const JsonValue* JsonValue::find(std::string_view member) const {
    const auto found = std::ranges::find(members, member, &JsonMember::name);
    return found == members.end() ? nullptr : &found->value;
}

}  // namespace base
