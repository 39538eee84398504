// SPDX-License-Identifier: GPL-2.0-or-later
//
// Names and identifiers: an accepted name fits its field on the wire, an identifier comes back from
// its text.
#include <cstdlib>

#include "base/bytes.h"
#include "nvme/fabrics.h"
#include "nvme/nqn.h"

namespace {

template <class Id>
void check(const base::Result<Id>& id, base::Result<Id> (*parse)(std::string_view)) {
    if (!id) {
        return;
    }
    const auto again = parse(nvme::to_text(*id));
    if (!again || *again != *id) {
        std::abort();
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const std::string_view text = base::text_of(std::as_bytes(std::span(data, size)));
    if (nvme::check_name(text)) {
        const auto again = nvme::nqn_of(nvme::nqn_field(text));
        if (!again || *again != text) {
            std::abort();
        }
    }
    check(nvme::parse_uuid(text), nvme::parse_uuid);
    check(nvme::parse_nguid(text), nvme::parse_nguid);
    check(nvme::parse_eui64(text), nvme::parse_eui64);
    return 0;
}
