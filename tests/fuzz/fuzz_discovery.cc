// SPDX-License-Identifier: GPL-2.0-or-later
//
// Discovery log pages: what is read from one is in its bounds, and nothing that the kernel's option
// string would end at comes through.
#include <cstdlib>

#include "boot/discovery_walk.h"
#include "nvme/discovery_log.h"

namespace {

/// What the kernel's option string is made of.
bool is_plain(const std::string& text) {
    return text.find_first_of(",\n\0 ") == std::string::npos && !text.empty();
}

void check(const nvme::DiscoveryRecords& records) {
    boot::DiscoveryWalk walk({boot::Portal{"fe80::1%eth0", 8009, "fuzz"}});
    walk.take(walk.next_round().front(), records);
    for (auto round = walk.next_round(); !round.empty(); round = walk.next_round()) {
        if (round.size() > boot::DiscoveryWalk::kMaxServices) {
            std::abort();
        }
        walk.take(round.front(), records);
    }
    const auto target = walk.conclude("*a*?", "host");
    if (!target) {
        return;
    }
    if (target->subsysnqn.find(',') != std::string::npos ||
        target->portals.size() > boot::DiscoveryWalk::kMaxPortals) {
        std::abort();
    }
    for (const boot::Portal& portal : target->portals) {
        if (!is_plain(portal.address) || portal.port == 0) {
            std::abort();
        }
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const auto input = std::as_bytes(std::span(data, size));
    if (const auto records = nvme::parse_discovery_log(input)) {
        check(*records);
    }
    // The same bytes as a service's answers, one after the other.
    nvme::DiscoveryReading reading;
    base::Reader answers(input);
    size_t asked = 0;
    while (!reading.done()) {
        const auto piece = reading.next();
        const auto bytes = answers.take_bytes(std::min<size_t>(piece.length, answers.remaining()));
        if (++asked > 1U << 14U || !reading.take(*bytes)) {
            return 0;
        }
    }
    if (const auto records = nvme::parse_discovery_log(reading.page())) {
        check(*records);
    }
    return 0;
}
