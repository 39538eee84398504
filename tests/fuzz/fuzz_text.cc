// SPDX-License-Identifier: GPL-2.0-or-later
//
// The text parsers of base: what encodes and decodes must come back, and a quoted text is
// printable.
#include <algorithm>
#include <cstdlib>

#include "base/text.h"

namespace {

void require(bool ok) {
    if (!ok) {
        std::abort();
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const auto bytes = std::as_bytes(std::span(data, size));
    const std::string_view text = base::text_of(bytes);
    require(std::ranges::equal(base::from_hex(base::to_hex(bytes)).value(), bytes));
    require(std::ranges::equal(base::from_base64(base::to_base64(bytes)).value(), bytes));
    if (const auto decoded = base::from_base64(text)) {
        require(base::to_base64(*decoded) == text);
    }
    if (const auto number = base::parse_u64(text)) {
        require(base::parse_u64(std::to_string(*number)).value() == *number);
    }
    (void)base::parse_i64(text, INT64_MIN, INT64_MAX);
    (void)base::parse_size(text);
    (void)base::parse_duration(text);
    (void)base::percent_decode(text);
    const std::string quoted = base::quoted(text);
    require(std::ranges::all_of(quoted, [](char c) { return c >= ' ' && c <= '~'; }));
    for (const std::string_view word : base::split_words(text)) {
        require(!word.empty() && base::trim(word) == word);
    }
    return 0;
}
