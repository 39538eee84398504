// SPDX-License-Identifier: GPL-2.0-or-later
//
// The firmware's table of structures: strings lie inside it, and none is empty or holds a NUL.
#include <cstdlib>

#include "boot/sources/smbios.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const std::string_view table(reinterpret_cast<const char*>(data), size);
    for (const std::string_view text : boot::oem_strings(base::bytes_of(table))) {
        if (text.empty() || text.find('\0') != std::string_view::npos ||
            text.data() < table.data() ||
            text.data() + text.size() >= table.data() + table.size()) {
            std::abort();
        }
    }
    return 0;
}
