// SPDX-License-Identifier: GPL-2.0-or-later
// The target's ini file: whatever it holds, there is a configuration or there are errors.
#include <cstdint>
#include <cstdlib>

#include "export/export_config.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto config = exports::parse_config(text, "/nonexistent/t.conf");
    const bool sound = config.ok() ? !config->subsystems.empty() && !config->listen.empty()
                                   : !config.error().empty();
    if (!sound) {
        abort();
    }
    return 0;
}
