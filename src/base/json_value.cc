// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/json_value.h"

#include <algorithm>

#include "base/text.h"

namespace base {
namespace {

using Type = JsonValue::Type;

/// RFC 8259, section 6 "Numbers".
bool is_number(std::string_view word) {
    const auto take = [&](std::string_view any) {
        const bool there = !word.empty() && any.find(word[0]) != std::string_view::npos;
        word.remove_prefix(there ? 1 : 0);
        return there;
    };
    const auto digits = [&] {
        const size_t end = std::min(word.find_first_not_of("0123456789"), word.size());
        word.remove_prefix(end);
        return end != 0;
    };
    take("-");
    if (!take("0") && !digits()) {
        return false;
    }
    if (take(".") && !digits()) {
        return false;
    }
    if (take("eE")) {
        take("+-");
        if (!digits()) {
            return false;
        }
    }
    return word.empty();
}

bool has_name_twice(const std::vector<JsonMember>& members) {
    std::vector<std::string_view> names;
    for (const JsonMember& member : members) {
        names.push_back(member.name);
    }
    std::sort(names.begin(), names.end());
    return std::adjacent_find(names.begin(), names.end()) != names.end();
}

class Parser {
  public:
    Parser(std::string_view text, const std::string& name)
        : text_(text), rest_(text), name_(name) {}

    Result<JsonValue> document() {
        TRY(JsonValue value, parse_value(0));
        skip_space();
        if (!rest_.empty()) {
            return wrong("data after the end");
        }
        return value;
    }

  private:
    [[nodiscard]] Error wrong(const char* what) const {
        const auto seen = text_.substr(0, text_.size() - rest_.size());
        const auto line = 1 + std::count(seen.begin(), seen.end(), '\n');
        return error(name_ + ":" + std::to_string(line) + ": not JSON: " + what);
    }
    void skip_space() {
        rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\r\n"), rest_.size()));
    }
    bool take(char c) {
        skip_space();
        const bool there = rest_.starts_with(c);
        rest_.remove_prefix(there ? 1 : 0);
        return there;
    }

    Result<JsonValue> parse_value(int depth) {
        constexpr int kMaxDepth = 32;
        if (depth == kMaxDepth) {
            return wrong("too many levels");
        }
        if (take('{')) {
            return parse_members(depth);
        }
        if (take('[')) {
            return parse_items(depth);
        }
        if (rest_.starts_with('"')) {
            JsonValue value{Type::kString, {}, {}, {}};
            TRY(value.text, parse_string());
            return value;
        }
        return parse_word();
    }

    Result<JsonValue> parse_items(int depth) {
        JsonValue value{Type::kArray, {}, {}, {}};
        if (take(']')) {
            return value;
        }
        do {
            TRY(JsonValue item, parse_value(depth + 1));
            value.items.push_back(std::move(item));
        } while (take(','));
        if (!take(']')) {
            return wrong("unterminated array");
        }
        return value;
    }

    Result<JsonValue> parse_members(int depth) {
        JsonValue value{Type::kObject, {}, {}, {}};
        if (take('}')) {
            return value;
        }
        do {
            skip_space();
            TRY(std::string name, parse_string());
            if (!take(':')) {
                return wrong("missing colon");
            }
            TRY(JsonValue member, parse_value(depth + 1));
            value.members.push_back({std::move(name), std::move(member)});
        } while (take(','));
        if (!take('}')) {
            return wrong("unterminated object");
        }
        if (has_name_twice(value.members)) {
            return wrong("duplicate name in an object");
        }
        return value;
    }

    Result<JsonValue> parse_word() {
        const size_t end = std::min(rest_.find_first_of(" \t\r\n,]}"), rest_.size());
        const std::string_view word = rest_.substr(0, end);
        JsonValue value;
        if (word == "true" || word == "false") {
            value.type = Type::kBoolean;
        } else if (is_number(word)) {
            value.type = Type::kNumber;
        } else if (word != "null") {
            return wrong("missing value");
        }
        value.text = word == "null" ? "" : word;
        rest_.remove_prefix(end);
        return value;
    }

    Result<std::string> parse_string() {
        if (!rest_.starts_with('"')) {
            return wrong("not a string");
        }
        rest_.remove_prefix(1);
        std::string out;
        while (!rest_.empty() && rest_[0] != '"') {
            if (const char* what = take_character(out); what != nullptr) {
                return wrong(what);
            }
        }
        if (rest_.empty()) {
            return wrong("unterminated string");
        }
        rest_.remove_prefix(1);
        return out;
    }

    /// The error of the next character, or nullptr and the character is in `out`.
    const char* take_character(std::string& out) {
        if (rest_[0] == '\\') {
            return take_escape(out) ? nullptr : "unknown escape";
        }
        if (static_cast<unsigned char>(rest_[0]) < ' ') {
            return "a control character in a string";
        }
        const size_t length = utf8_length(rest_);
        if (length == 0) {
            return "a string that is not UTF-8";
        }
        out += rest_.substr(0, length);
        rest_.remove_prefix(length);
        return nullptr;
    }

    /// REQUIRES: a backslash is next.
    bool take_escape(std::string& out) {
        constexpr std::string_view kLetters = "\"\\/bfnrt";
        constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
        const size_t at = rest_.size() < 2 ? std::string_view::npos : kLetters.find(rest_[1]);
        if (at != std::string_view::npos) {
            out += kMeanings[at];
            rest_.remove_prefix(2);
            return true;
        }
        uint32_t code = take_code_unit();
        if (code >= 0xD800 && code < 0xDC00) {
            const uint32_t low = take_code_unit();
            if (low < 0xDC00 || low > 0xDFFF) {
                return false;
            }
            code = 0x10000 + ((code - 0xD800) << 10U) + (low - 0xDC00);
        } else if (code >= 0xDC00 && code <= 0xDFFF) {
            return false;
        }
        append_utf8(code, out);
        return code != 0;
    }

    /// The value of \uXXXX; 0, which no text of ours may hold, when that is not next.
    uint32_t take_code_unit() {
        constexpr size_t kLength = 6;
        if (!rest_.starts_with("\\u") || rest_.size() < kLength) {
            return 0;
        }
        const auto bytes = from_hex(rest_.substr(2, 4));
        if (!bytes) {
            return 0;
        }
        rest_.remove_prefix(kLength);
        return std::to_integer<uint32_t>((*bytes)[0]) << 8U |
               std::to_integer<uint32_t>((*bytes)[1]);
    }

    std::string_view text_;
    std::string_view rest_;
    const std::string& name_;
};

}  // namespace

Result<JsonValue> JsonValue::parse(std::string_view text, const std::string& name) {
    return Parser(without_byte_order_mark(text), name).document();
}

std::string_view without_byte_order_mark(std::string_view text) {
    constexpr std::string_view kMark = "\xEF\xBB\xBF";
    return text.starts_with(kMark) ? text.substr(kMark.size()) : text;
}

const JsonValue& JsonValue::operator[](std::string_view member) const {
    static const JsonValue nothing;
    for (const auto& [name, value] : members) {
        if (name == member) {
            return value;
        }
    }
    return nothing;
}

}  // namespace base
