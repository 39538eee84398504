// SPDX-License-Identifier: GPL-2.0-or-later
//
// The NVMe Boot Firmware Table, with its checksum made right so that the parser is reached: what
// is read can be written, and reads as the same again.
#include <cstdlib>

#include "nvme/nbft.h"
#include "support/nbft_table.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const auto bytes = std::as_bytes(std::span(data, size));
    base::Bytes table(bytes.begin(), bytes.end());
    if (table.size() > 9) {
        support::fix_check_sum(table);
    }
    const auto nbft = nvme::parse_nbft(table);
    if (!nbft) {
        return 0;
    }
    const auto again = nvme::parse_nbft(support::build_nbft(*nbft));
    if (!again || again->subsystems.size() != nbft->subsystems.size() ||
        again->interfaces.size() != nbft->interfaces.size() || again->host.nqn != nbft->host.nqn) {
        std::abort();
    }
    for (size_t i = 0; i < nbft->subsystems.size(); ++i) {
        if (again->subsystems[i].nqn != nbft->subsystems[i].nqn ||
            again->subsystems[i].address != nbft->subsystems[i].address ||
            again->subsystems[i].nid != nbft->subsystems[i].nid) {
            std::abort();
        }
    }
    return 0;
}
