// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/controller/ana.h"

#include <utility>

namespace target {

using nvme::AnaState;

bool AnaGroups::set(States states) {
    if (states == states_) {
        return false;
    }
    states_ = std::move(states);
    ++changes_;
    return true;
}

void AnaGroups::override_all(AnaState state) {
    override_ = state;
    ++changes_;
}

void AnaGroups::end_override() {
    override_.reset();
    ++changes_;
}

AnaState AnaGroups::state(uint32_t group, uint16_t portal) const {
    if (override_) {
        return *override_;
    }
    auto found = states_.find({group, portal});
    if (found == states_.end()) {
        found = states_.find({group, kEveryPortal});
    }
    return found == states_.end() ? AnaState::kOptimized : found->second;
}

nvme::Status AnaGroups::check(uint32_t group, uint16_t portal) const {
    if (states_.empty() && !override_) {
        return nvme::status::kSuccess;
    }
    switch (state(group, portal)) {
        case AnaState::kOptimized:
        case AnaState::kNonOptimized:
            break;
        case AnaState::kInaccessible:
            return nvme::status::kAnaInaccessible;
        case AnaState::kPersistentLoss:
            return nvme::status::kAnaPersistentLoss;
        case AnaState::kChange:
            return nvme::status::kAnaTransition;
    }
    return nvme::status::kSuccess;
}

}  // namespace target
