// SPDX-License-Identifier: GPL-2.0-or-later
//
// JSON out: RFC 8259. Calls nest as the document does:
//     JsonWriter json;
//     json.begin_object().key("stages").begin_array() … .end_array().end_object();
//     json.text()
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace base {

class JsonWriter {
  public:
    JsonWriter& begin_object() { return open('{'); }
    JsonWriter& end_object() { return close('}'); }
    JsonWriter& begin_array() { return open('['); }
    JsonWriter& end_array() { return close(']'); }
    JsonWriter& key(std::string_view name);

    /// Bytes that are not UTF-8 are written as U+FFFD, characters that may not be shown as they are
    /// (base::printable_length) by their numbers.
    JsonWriter& string(std::string_view value);
    JsonWriter& number(int64_t value);
    JsonWriter& number(uint64_t value);
    /// Written with three decimals; for seconds.
    JsonWriter& decimal(double value);
    JsonWriter& boolean(bool value);
    JsonWriter& null();

    [[nodiscard]] const std::string& text() const { return text_; }

  private:
    JsonWriter& open(char bracket);
    JsonWriter& close(char bracket);
    JsonWriter& raw(std::string_view value);

    std::string text_;
    bool need_comma_ = false;
};

}  // namespace base
