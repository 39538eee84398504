// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/cli/options.h"

#include "base/text.h"

namespace base {

std::string_view option_name(std::string_view word) {
    return word.substr(0, word.find('='));
}

Result<std::string_view> option_value(Words words, size_t& at, std::string_view form) {
    const std::string_view word = words[at];
    const std::string_view name = option_name(word);
    const bool has_value = name.size() < word.size();
    if (form.empty() && has_value) {
        return error(std::string(name) + " takes no value");
    }
    if (form.empty()) {
        return std::string_view();
    }
    if (has_value) {
        return word.substr(name.size() + 1);
    }
    if (at + 1 == words.size()) {
        return error(std::string(name) + " needs a value: " + std::string(form));
    }
    return words[++at];
}

Error unknown_option(std::string_view name, const std::string& suggestion) {
    return error("unknown option " + quoted(name) + suggestion);
}

}  // namespace base
