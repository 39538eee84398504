// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/controller/environment.h"

#include <algorithm>
#include <utility>

#include "target/auth/crypto.h"

namespace target {
namespace {

uint32_t random_start() {
    nvme::le32 start = 0;
    // Without random numbers every authentication fails later, with a reason.
    (void)crypto::random_bytes(std::as_writable_bytes(std::span(&start, 1)));
    return start;
}

}  // namespace

Environment::Environment(const Limits& limits, const AccessPolicy& access, EventSink& events)
    : limits_(limits),
      access_(access),
      events_(events),
      authentications_(random_start()),
      attempts_(limits.attempts),
      discovery_(access) {}

void Environment::use_lanes(std::vector<Lane*> lanes) {
    lanes_ = std::move(lanes);
    for (Lane* lane : lanes_) {
        lane->memory().divide(lanes_.size());
    }
}

uint32_t Environment::next_authentication() {
    if (++authentications_ == 0) {
        ++authentications_;
    }
    return authentications_;
}

uint16_t Environment::portal_of(const Endpoints& endpoints) const {
    const auto found = std::ranges::find_if(discovery_.portals(), [&](const Portal& portal) {
        return portal.port == endpoints.local_port &&
               (is_wildcard(portal.address) || portal.address == endpoints.local_address);
    });
    return found == discovery_.portals().end() ? uint16_t{0} : found->id;
}

}  // namespace target
