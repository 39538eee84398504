// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/man_page.h"

#include "base/fd.h"
#include "support/test.h"

namespace support {

void replace_all(std::string& text, std::string_view what, std::string_view by) {
    for (size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += by.size()) {
        text.replace(at, what.size(), by);
    }
}

std::string plain_page(const std::string& path) {
    const auto text = base::read_text(path);
    BOOST_REQUIRE_MESSAGE(text.ok(), path);
    std::string result = *text;
    for (const char* font : {"\\fB", "\\fI", "\\fR", "\\fP"}) {
        replace_all(result, font, "");
    }
    replace_all(result, "\\-", "-");
    replace_all(result, "\\[u2026]", "…");
    return result;
}

std::string part_of(const std::string& text, const std::string& begin, const std::string& end) {
    const size_t from = text.find(begin);
    return from == std::string::npos
               ? ""
               : text.substr(from, text.find(end, from + begin.size()) - from);
}

}  // namespace support
