// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/json_tree.h"

#include <algorithm>

#include "base/text.h"

namespace base {
namespace {

constexpr int kMaxDepth = 16;

bool is_number(std::string_view word) {
    const auto digits = [&] {
        const size_t end = std::min(word.find_first_not_of("0123456789"), word.size());
        word.remove_prefix(end);
        return end != 0;
    };
    if (word.starts_with('-')) {
        word.remove_prefix(1);
    }
    if (word.starts_with('0') && word.size() > 1 && word[1] >= '0' && word[1] <= '9') {
        return false;
    }
    if (!digits()) {
        return false;
    }
    if (word.starts_with('.')) {
        word.remove_prefix(1);
        if (!digits()) {
            return false;
        }
    }
    if (word.starts_with('e') || word.starts_with('E')) {
        word.remove_prefix(1);
        if (word.starts_with('+') || word.starts_with('-')) {
            word.remove_prefix(1);
        }
        if (!digits()) {
            return false;
        }
    }
    return word.empty();
}

/// A character of the basic plane as UTF-8; surrogates are written one by one, as they came.
void append_utf8(uint64_t code, std::string& out) {
    const auto put = [&](uint64_t byte) { out += static_cast<char>(byte); };
    if (code < 0x80) {
        put(code);
    } else if (code < 0x800) {
        put(0xC0U | code >> 6U);
        put(0x80U | (code & 0x3FU));
    } else {
        put(0xE0U | code >> 12U);
        put(0x80U | (code >> 6U & 0x3FU));
        put(0x80U | (code & 0x3FU));
    }
}

class Parser {
  public:
    explicit Parser(std::string_view text) : text_(text), rest_(text) {}

    Result<JsonTree> document() {
        TRY(JsonTree value, parse_value(0));
        skip_space();
        if (!rest_.empty()) {
            return wrong("something behind the end");
        }
        return value;
    }

  private:
    [[nodiscard]] Error wrong(const char* what) const {
        return error(format("not JSON: %s at byte %zu", what, text_.size() - rest_.size()));
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

    Result<JsonTree> parse_value(int depth) {
        if (depth == kMaxDepth) {
            return wrong("too many levels");
        }
        if (take('{')) {
            return parse_items(JsonTree::Kind::kObject, '}', depth);
        }
        if (take('[')) {
            return parse_items(JsonTree::Kind::kArray, ']', depth);
        }
        if (rest_.starts_with('"')) {
            JsonTree value{JsonTree::Kind::kString, {}, {}, {}};
            TRY(value.text, parse_string());
            return value;
        }
        return parse_word();
    }

    Result<JsonTree> parse_items(JsonTree::Kind kind, char end, int depth) {
        JsonTree value{kind, {}, {}, {}};
        if (take(end)) {
            return value;
        }
        do {
            if (kind == JsonTree::Kind::kObject) {
                skip_space();
                TRY(std::string name, parse_string());
                value.names.push_back(std::move(name));
                if (!take(':')) {
                    return wrong("no colon");
                }
            }
            TRY(JsonTree item, parse_value(depth + 1));
            value.items.push_back(std::move(item));
        } while (take(','));
        if (!take(end)) {
            return wrong("no end of the list");
        }
        return value;
    }

    Result<JsonTree> parse_word() {
        const size_t end = std::min(rest_.find_first_of(" \t\r\n,]}"), rest_.size());
        const std::string_view word = rest_.substr(0, end);
        JsonTree value;
        if (word == "true" || word == "false") {
            value.kind = JsonTree::Kind::kBoolean;
        } else if (is_number(word)) {
            value.kind = JsonTree::Kind::kNumber;
        } else if (word != "null") {
            return wrong("no value");
        }
        value.text = word == "null" ? "" : word;
        rest_.remove_prefix(end);
        return value;
    }

    Result<std::string> parse_string() {
        if (!rest_.starts_with('"')) {
            return wrong("no string");
        }
        rest_.remove_prefix(1);
        std::string out;
        while (!rest_.empty() && rest_[0] != '"') {
            if (static_cast<unsigned char>(rest_[0]) < ' ') {
                return wrong("a control character");
            }
            if (rest_[0] != '\\') {
                out += rest_[0];
                rest_.remove_prefix(1);
            } else if (!take_escape(out)) {
                return wrong("no such escape");
            }
        }
        if (rest_.empty()) {
            return wrong("no end of the string");
        }
        rest_.remove_prefix(1);
        return out;
    }

    /// REQUIRES: a backslash is next.
    bool take_escape(std::string& out) {
        constexpr std::string_view kLetters = "\"\\/bfnrt";
        constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
        if (rest_.size() < 2) {
            return false;
        }
        if (const size_t at = kLetters.find(rest_[1]); at != std::string_view::npos) {
            out += kMeanings[at];
            rest_.remove_prefix(2);
            return true;
        }
        constexpr size_t kEscape = 6;
        if (rest_[1] != 'u' || rest_.size() < kEscape) {
            return false;
        }
        const auto code = from_hex(rest_.substr(2, 4));
        if (!code) {
            return false;
        }
        append_utf8(static_cast<uint64_t>((*code)[0]) << 8U | static_cast<uint64_t>((*code)[1]),
                    out);
        rest_.remove_prefix(kEscape);
        return true;
    }

    std::string_view text_;
    std::string_view rest_;
};

}  // namespace

const JsonTree& JsonTree::operator[](std::string_view name) const {
    static const JsonTree nothing;
    const auto found = std::find(names.begin(), names.end(), name);
    return found == names.end() ? nothing : items[static_cast<size_t>(found - names.begin())];
}

Result<JsonTree> parse_json(std::string_view text) {
    return Parser(text).document();
}

}  // namespace base
