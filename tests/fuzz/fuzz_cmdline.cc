// SPDX-License-Identifier: GPL-2.0-or-later
// Any bytes as a kernel command line. Words that are written down again must be split the
// same way.
#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "base/bytes.h"
#include "boot/sources/cmdline.h"

namespace {

/// Words that hold a quote, or white space in a key, have no second spelling.
bool can_be_written(const boot::CmdlineWord& word) {
    const auto has = [](const std::string& text, const char* characters) {
        return text.find_first_of(characters) != std::string::npos;
    };
    return !word.key.empty() && !has(word.key, " \t\r\n\v\f\"") && !has(word.value, "\"") &&
           (word.has_value || word.key != "--");
}

std::string written(const boot::CmdlineWord& word) {
    return word.key + (word.has_value ? "=\"" + word.value + "\"" : "") + " ";
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const auto words = boot::parse_cmdline({reinterpret_cast<const char*>(data), size});
    if (words.size() > size) {
        abort();
    }
    if (!std::all_of(words.begin(), words.end(), can_be_written)) {
        return 0;
    }
    std::string text;
    for (const boot::CmdlineWord& word : words) {
        text += written(word);
    }
    if (boot::parse_cmdline(text) != words) {
        abort();
    }
    return 0;
}
