// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/json.h"

#include "base/text.h"

namespace base {
namespace {

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
