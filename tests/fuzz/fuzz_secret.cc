// SPDX-License-Identifier: GPL-2.0-or-later
//
// Secrets in text form: what parses is written back as it came.
#include <cstdlib>

#include "nvme/dhchap.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const std::string_view text = base::text_of(std::as_bytes(std::span(data, size)));
    const auto secret = nvme::DhchapSecret::parse(text);
    if (secret && secret->text().reveal() != text) {
        std::abort();
    }
    return 0;
}
