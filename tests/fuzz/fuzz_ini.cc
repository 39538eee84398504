// SPDX-License-Identifier: GPL-2.0-or-later
//
// Ini files: what is read has a section and a key on a line of the file.
#include <algorithm>
#include <cstdlib>

#include "base/bytes.h"
#include "base/ini.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const std::string_view text = base::text_of(std::as_bytes(std::span(data, size)));
    constexpr std::string_view kSecrets[] = {"dhchap_secret"};
    const auto ini = base::Ini::parse(text, "fuzz.conf", kSecrets);
    if (!ini) {
        return 0;
    }
    const auto lines = std::count(text.begin(), text.end(), '\n') + 1;
    for (const auto& entry : ini->entries()) {
        if (entry.section.empty() || entry.key.empty() || entry.line < 1 || entry.line > lines ||
            ini->find(entry.section, entry.key) == nullptr ||
            (entry.key == kSecrets[0]) == entry.secret.empty()) {
            std::abort();
        }
    }
    return 0;
}
