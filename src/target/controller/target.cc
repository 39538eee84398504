// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/controller/target.h"

#include <algorithm>
#include <utility>

#include "target/auth/crypto.h"
#include "target/controller/queue.h"

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
    : limits_(limits),
      access_(access),
      events_(events),
      authentications_(random_start()),
      attempts_(limits.attempts) {
    SubsystemConfig discovery;
    discovery.nqn = nvme::kDiscoveryNqn;
    discovery.serial = "discovery";
    add_subsystem(std::move(discovery));
}

void Target::use_lanes(std::vector<Lane*> lanes) {
    lanes_ = std::move(lanes);
    for (Lane* lane : lanes_) {
        lane->memory().divide(lanes_.size());
    }
}

void Target::add_portal(Portal portal) {
    portals_.push_back(std::move(portal));
    views_.changed();
}

Subsystem& Target::add_subsystem(SubsystemConfig config) {
    views_.changed();
    return *subsystems_.emplace_back(std::make_unique<Subsystem>(*this, std::move(config)));
}

void Target::remove_subsystem(std::string_view nqn) {
    const auto found = std::ranges::find_if(
        subsystems_, [&](const auto& subsystem) { return subsystem->config().nqn == nqn; });
    (*found)->disconnect_all("the subsystem is no longer served");
    subsystems_.erase(found);
    views_.changed();
}

std::unique_ptr<Session> Target::make(SessionOwner& owner, Endpoints endpoints,
                                      base::TimePoint now) {
    started_ = started_.value_or(now);
    return std::make_unique<Queue>(*this, owner, std::move(endpoints), now);
}

void Target::set_referrals(std::vector<Referral> referrals) {
    referrals_ = std::move(referrals);
    discovery_changed();
}

void Target::discovery_changed() {
    views_.changed();
    for (const auto& subsystem : subsystems_) {
        for (const auto& [cntlid, controller] : subsystem->controllers()) {
            controller->look_at_discovery();
        }
    }
}

const DiscoveryView& Target::discovery_view(const std::string& hostnqn) {
    return views_.of(*this, hostnqn);
}

uint16_t Target::portal_of(const Endpoints& endpoints) const {
    const auto found = std::ranges::find_if(portals_, [&](const Portal& portal) {
        return portal.port == endpoints.local_port &&
               (is_wildcard(portal.address) || portal.address == endpoints.local_address);
    });
    return found == portals_.end() ? uint16_t{0} : found->id;
}

void Target::set_ana_states(AnaGroups::States states) {
    if (ana_.set(std::move(states))) {
        raise_ana_change();
    }
}

void Target::raise_ana_change() {
    for (const auto& subsystem : subsystems_) {
        for (const auto& [cntlid, controller] : subsystem->controllers()) {
            if (!controller->is_discovery()) {
                controller->raise(AsyncEvents::Kind::kAnaChanged);
            }
        }
    }
}

bool Target::drain() {
    if (std::exchange(draining_, true)) {
        return false;
    }
    ana_.override_all(nvme::AnaState::kInaccessible);
    raise_ana_change();
    discovery_changed();
    return true;
}

bool Target::end_drain() {
    if (!std::exchange(draining_, false)) {
        return false;
    }
    ana_.end_override();
    raise_ana_change();
    discovery_changed();
    return true;
}

size_t Target::undrained() const {
    size_t count = 0;
    for (const auto& subsystem : subsystems_) {
        count += static_cast<size_t>(
            std::ranges::count_if(subsystem->controllers(), [](const auto& entry) {
                return !entry.second->is_discovery() && !entry.second->is_drained();
            }));
    }
    return count;
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
