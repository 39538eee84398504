// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/sources/cmdline.h"

#include <cctype>

namespace boot {
namespace {

bool is_space(char c) {
    return std::isspace(static_cast<unsigned char>(c)) != 0;
}

/// The end of the word at the front of `text`: the first white space outside quotes.
size_t word_length(std::string_view text) {
    bool in_quotes = false;
    size_t end = 0;
    while (end < text.size() && (in_quotes || !is_space(text[end]))) {
        in_quotes ^= text[end] == '"';
        ++end;
    }
    return end;
}

CmdlineWord parse_word(std::string_view word) {
    bool quoted = word.starts_with('"');
    word.remove_prefix(quoted ? 1 : 0);
    // An equals sign at the very front belongs to the key, as in the kernel.
    const size_t equals = word.find('=', 1);
    const bool has_value = equals != std::string_view::npos;
    const std::string_view key = word.substr(0, equals);
    std::string_view rest = has_value ? word.substr(equals + 1) : key;
    if (has_value && rest.starts_with('"')) {
        quoted = true;
        rest.remove_prefix(1);
    }
    // One quote at the end is taken off, whichever quote at the front it answers.
    if (quoted && rest.ends_with('"')) {
        rest.remove_suffix(1);
    }
    return {std::string(has_value ? key : rest), std::string(has_value ? rest : ""), has_value};
}

}  // namespace

std::vector<CmdlineWord> parse_cmdline(std::string_view text) {
    std::vector<CmdlineWord> words;
    while (!text.empty()) {
        if (is_space(text[0])) {
            text.remove_prefix(1);
            continue;
        }
        const size_t length = word_length(text);
        CmdlineWord word = parse_word(text.substr(0, length));
        if (word.key == "--" && !word.has_value) {
            break;
        }
        words.push_back(std::move(word));
        text.remove_prefix(length);
    }
    return words;
}

}  // namespace boot
