// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/json.h"

#include "base/decimal.h"
#include "base/text.h"

namespace base {
namespace {

/// A character by its number: RFC 8259, section 7 "Strings".
std::string numbered(uint32_t code) {
    constexpr uint32_t kFirstOfPairs = 0x10000;
    if (code < kFirstOfPairs) {
        return format("\\u%04x", code);
    }
    const uint32_t rest = code - kFirstOfPairs;
    return format("\\u%04x\\u%04x", 0xD800 + (rest >> 10U), 0xDC00 + (rest & 0x3FFU));
}

std::string escaped(std::string_view value) {
    std::string out = "\"";
    while (!value.empty()) {
        const size_t length = utf8_length(value);
        const char c = value[0];
        if (length == 0) {
            out += "\\ufffd";
        } else if (c == '"' || c == '\\') {
            out += {'\\', c};
        } else if (printable_length(value) == 0) {
            out += numbered(utf8_code(value));
        } else {
            out += value.substr(0, length);
        }
        value.remove_prefix(length == 0 ? 1 : length);
    }
    return out + '"';
}

}  // namespace

JsonWriter& JsonWriter::raw(std::string_view value) {
    if (need_comma_) {
        text_ += ',';
    }
    text_ += value;
    need_comma_ = true;
    return *this;
}

JsonWriter& JsonWriter::open(char bracket) {
    raw({&bracket, 1});
    need_comma_ = false;
    return *this;
}

JsonWriter& JsonWriter::close(char bracket) {
    text_ += bracket;
    need_comma_ = true;
    return *this;
}

JsonWriter& JsonWriter::key(std::string_view name) {
    raw(escaped(name));
    text_ += ':';
    need_comma_ = false;
    return *this;
}

JsonWriter& JsonWriter::string(std::string_view value) {
    return raw(escaped(value));
}
JsonWriter& JsonWriter::number(int64_t value) {
    return raw(std::to_string(value));
}
JsonWriter& JsonWriter::number(uint64_t value) {
    return raw(std::to_string(value));
}
JsonWriter& JsonWriter::decimal(double value) {
    return raw(decimal_text(value, 3));
}
JsonWriter& JsonWriter::boolean(bool value) {
    return raw(value ? "true" : "false");
}
JsonWriter& JsonWriter::null() {
    return raw("null");
}

}  // namespace base
