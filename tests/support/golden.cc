// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/golden.h"

#include <cstdio>
#include <cstdlib>

#include "base/fd.h"
#include "base/text.h"

namespace support {

namespace {

[[noreturn]] void give_up(const std::string& name, const std::string& why) {
    std::fprintf(stderr, "tests/golden/%s: %s\n", name.c_str(), why.c_str());
    std::abort();
}

}  // namespace

base::Bytes golden(const std::string& name) {
    const auto text = base::read_text("tests/golden/" + name);
    if (!text) {
        give_up(name, text.error().text);
    }
    base::Bytes bytes;
    for (const std::string_view line : base::split(*text, '\n')) {
        for (const std::string_view word : base::split_words(line.substr(0, line.find('#')))) {
            const auto piece = base::from_hex(word.substr(0, word.find('*')));
            const auto count = word.find('*') == std::string_view::npos
                                   ? base::Result<uint64_t>(1)
                                   : base::parse_u64(word.substr(word.find('*') + 1), 4096);
            if (!piece || !count) {
                give_up(name, "cannot read " + base::quoted(word));
            }
            for (uint64_t i = 0; i < *count; ++i) {
                base::Writer(bytes).put_bytes(*piece);
            }
        }
    }
    return bytes;
}

}  // namespace support
