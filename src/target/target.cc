// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/target.h"

#include <algorithm>
#include <utility>

#include "target/crypto.h"
#include "target/queue.h"

namespace target {
namespace {

uint32_t random_start() {
    nvme::le32 start = 0;
    // Without random numbers every authentication fails later, with a reason.
    (void)crypto::random_bytes(std::as_writable_bytes(std::span(&start, 1)));
    return start;
}

}  // namespace

Target::Target(Limits limits, const AccessPolicy& access, EventSink& events)
    : limits_(limits), access_(access), events_(events), authentications_(random_start()) {
    SubsystemConfig discovery;
    discovery.nqn = nvme::kDiscoveryNqn;
    discovery.serial = "discovery";
    add_subsystem(std::move(discovery));
}

Subsystem& Target::add_subsystem(SubsystemConfig config) {
    return *subsystems_.emplace_back(std::make_unique<Subsystem>(*this, std::move(config)));
}

std::unique_ptr<Session> Target::make(SessionOwner& owner, Endpoints endpoints,
                                      base::TimePoint now) {
    return std::make_unique<Queue>(*this, owner, std::move(endpoints), now);
}

uint32_t Target::next_authentication() {
    if (++authentications_ == 0) {
        ++authentications_;
    }
    return authentications_;
}

Subsystem* Target::find_subsystem(std::string_view nqn) const {
    const auto found = std::ranges::find_if(
        subsystems_, [&](const auto& subsystem) { return subsystem->config().nqn == nqn; });
    return found == subsystems_.end() ? nullptr : found->get();
}

}  // namespace target
