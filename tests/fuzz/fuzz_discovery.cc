// SPDX-License-Identifier: GPL-2.0-or-later
//
// Discovery log pages, as a service's answers, one after the other: what is read from one is in its
// bounds, what it says of itself is bounded and plain, and nothing that the kernel's option string
// would end at comes through.
#include <cstdlib>

#include "boot/reach/discovery_walk.h"
#include "nvme/discovery_log.h"

namespace {

void require(bool condition) {
    if (!condition) {
        std::abort();
    }
}

/// The characters of the kernel's option string.
bool is_plain(const std::string& text) {
    return text.find_first_of(",\n\0 ") == std::string::npos && !text.empty();
}

bool is_printable(const std::string& text) {
    return text.size() < 900 && text.find_first_of("\n\x1B\0") == std::string::npos;
}

void check(const nvme::DiscoveryLog& log, const std::string& pattern) {
    boot::DiscoveryWalk walk({boot::Portal{"fe80::1%eth0", 8009, "fuzz"}}, pattern);
    for (auto round = walk.next_round(); !round.empty(); round = walk.next_round()) {
        require(round.size() <= boot::DiscoveryWalk::kMaxServices);
        walk.take(round.front(), log);
    }
    for (const std::string& warning : walk.warnings()) {
        require(is_printable(warning));
    }
    const auto target = walk.conclude("host");
    if (!target) {
        require(is_printable(target.error().error.text));
        return;
    }
    require(target->subsysnqn.find(',') == std::string::npos &&
            target->portals.size() <= boot::DiscoveryWalk::kMaxPortals);
    for (const boot::Portal& portal : target->portals) {
        require(is_plain(portal.address) && portal.port != 0);
    }
}

void read(base::ByteView input, const std::string& pattern) {
    const boot::DiscoveryWalk walk({}, pattern);
    nvme::DiscoveryReading reading(walk.filter());
    // A header again at the end, as of a log that did not change meanwhile.
    base::Bytes bytes_to_come(input.begin(), input.end());
    const base::ByteView header =
        input.first(std::min(input.size(), sizeof(nvme::DiscoveryHeader)));
    base::Writer(bytes_to_come).put_bytes(header);
    base::Reader answers(bytes_to_come);
    size_t asked = 0;
    while (!reading.done()) {
        const auto piece = reading.next();
        require(piece.length > 0 && piece.length <= nvme::DiscoveryReading::kPieceBytes &&
                piece.length % 4 == 0);
        const auto bytes = answers.take_bytes(std::min<size_t>(piece.length, answers.remaining()));
        if (++asked > 1U << 14U || !reading.take(*bytes)) {
            return;
        }
    }
    check(reading.log(), pattern);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const auto input = std::as_bytes(std::span(data, size));
    for (const char* pattern : {"", "*a*?", "nqn.2024-08.com.example:disk"}) {
        read(input, pattern);
    }
    return 0;
}
