// SPDX-License-Identifier: GPL-2.0-or-later
// nvmetcli's config.json: what is read can be written, and what is written
// reads the same.
#include <cstdint>
#include <cstdlib>

#include "nvmet/nvmetcli.h"
#include "nvmet/plan.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto first = nvmet::parse_nvmetcli(text, "/nonexistent/config.json");
    if (!first) {
        return 0;
    }
    const auto again =
        nvmet::parse_nvmetcli(nvmet::to_nvmetcli(first->state, {}).text, "/nonexistent/2.json");
    if (!again || !nvmet::make_plan(first->state, again->state).empty()) {
        abort();
    }
    return 0;
}
