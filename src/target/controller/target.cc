// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/controller/target.h"

#include <algorithm>
#include <utility>

namespace target {
Target::Target(const Limits& limits, const AccessPolicy& access, EventSink& events)
    : Environment(limits, access, events) {
    SubsystemConfig config;
    config.nqn = nvme::kDiscoveryNqn;
    config.serial = "discovery";
    add_subsystem(std::move(config));
}

Subsystem& Target::add_subsystem(SubsystemConfig config) {
    Subsystem& subsystem =
        *subsystems_.emplace_back(std::make_unique<Subsystem>(*this, std::move(config)));
    discovery().add(subsystem.config());
    return subsystem;
}

void Target::remove_subsystem(std::string_view nqn) {
    const auto found = std::ranges::find_if(
        subsystems_, [&](const auto& subsystem) { return subsystem->config().nqn == nqn; });
    (*found)->disconnect_all("the subsystem is no longer served");
    discovery().remove((*found)->config());
    subsystems_.erase(found);
}

void Target::set_referrals(std::vector<Referral> referrals) {
    discovery().set_referrals(std::move(referrals));
    discovery_changed();
}

void Target::discovery_changed() {
    discovery().changed();
    for (const auto& subsystem : subsystems_) {
        for (const auto& [cntlid, controller] : subsystem->controllers()) {
            controller->look_at_discovery();
        }
    }
}

void Target::set_ana_states(AnaGroups::States states) {
    if (ana().set(std::move(states))) {
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
    discovery().hide_subsystems(true);
    ana().override_all(nvme::AnaState::kInaccessible);
    raise_ana_change();
    discovery_changed();
    return true;
}

bool Target::end_drain() {
    if (!std::exchange(draining_, false)) {
        return false;
    }
    discovery().hide_subsystems(false);
    ana().end_override();
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

Subsystem* Target::find_subsystem(std::string_view nqn) const {
    const auto found = std::ranges::find_if(
        subsystems_, [&](const auto& subsystem) { return subsystem->config().nqn == nqn; });
    return found == subsystems_.end() ? nullptr : found->get();
}

}  // namespace target
