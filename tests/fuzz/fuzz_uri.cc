// SPDX-License-Identifier: GPL-2.0-or-later
//
// URIs: what parses must be written in a form that parses to the same.
#include <cstdlib>

#include "base/bytes.h"
#include "nvme/uri.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const std::string_view text = base::text_of(std::as_bytes(std::span(data, size)));
    if (const auto uri = nvme::Uri::parse(text)) {
        const auto again = nvme::Uri::parse(uri->text());
        if (!again || !(*again == *uri)) {
            std::abort();
        }
    }
    if (const auto id = nvme::parse_namespace_id(text)) {
        const auto again = nvme::parse_namespace_id(nvme::to_text(*id));
        if (!again || *again != *id) {
            std::abort();
        }
    }
    return 0;
}
