// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/json.h"

#include "base/text.h"

namespace base {
namespace {

/// Length in bytes of the UTF-8 sequence at the front of `text`, 0 when it is malformed: RFC 3629,
/// section 4 "Syntax of UTF-8 Byte Sequences".
size_t utf8_length(std::string_view text) {
    const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char lead = byte(0);
    const size_t length = lead < 0x80                    ? 1
                          : lead >= 0xC2 && lead <= 0xDF ? 2
                          : lead >= 0xE0 && lead <= 0xEF ? 3
                          : lead >= 0xF0 && lead <= 0xF4 ? 4
                                                         : 0;
    if (length == 0 || length > text.size()) {
        return 0;
    }
    for (size_t i = 1; i < length; ++i) {
        if ((byte(i) & 0xC0U) != 0x80) {
            return 0;
        }
    }
    const bool overlong = (lead == 0xE0 && byte(1) < 0xA0) || (lead == 0xF0 && byte(1) < 0x90);
    const bool surrogate = lead == 0xED && byte(1) > 0x9F;
    const bool too_high = lead == 0xF4 && byte(1) > 0x8F;
    return overlong || surrogate || too_high ? 0 : length;
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
        } else if (static_cast<unsigned char>(c) < ' ') {
            out += format("\\u%04x", static_cast<unsigned>(c));
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
    return raw(format("%.3f", value));
}
JsonWriter& JsonWriter::boolean(bool value) {
    return raw(value ? "true" : "false");
}
JsonWriter& JsonWriter::null() {
    return raw("null");
}

}  // namespace base
