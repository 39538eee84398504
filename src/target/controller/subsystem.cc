// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/controller/subsystem.h"

#include <algorithm>
#include <utility>

#include "target/reactor/fair_order.h"

namespace target {

void Subsystem::add_namespace(NamespaceConfig config, std::shared_ptr<Backend> backend) {
    const uint32_t nsid = config.nsid;
    (void)namespaces_.add(std::move(config), std::move(backend));
    namespace_changed(nsid);
}

bool Subsystem::remove_namespace(uint32_t nsid) {
    const bool removed = namespaces_.remove(nsid);
    if (removed) {
        namespace_changed(nsid);
    }
    return removed;
}

bool Subsystem::change_namespace(NamespaceConfig config) {
    Namespace* ns = namespaces_.find(config.nsid);
    if (ns == nullptr) {
        return false;
    }
    const bool moved = ns->config().ana_group != config.ana_group;
    ns->change(std::move(config));
    namespace_changed(ns->nsid());
    for (const auto& [cntlid, controller] : controllers_) {
        if (moved && controller->find_namespace(ns->nsid()) != nullptr) {
            controller->raise(AsyncEvents::Kind::kAnaChanged);
        }
    }
    return true;
}

bool Subsystem::protect_namespace(uint32_t nsid, WriteProtection state) {
    Namespace* ns = namespaces_.find(nsid);
    if (ns == nullptr) {
        return false;
    }
    ns->protect(state);
    namespace_changed(nsid);
    return true;
}

bool Subsystem::resize_namespace(uint32_t nsid) {
    Namespace* ns = namespaces_.find(nsid);
    if (ns == nullptr) {
        return false;
    }
    if (ns->resize()) {
        namespace_changed(nsid);
    }
    return true;
}

void Subsystem::namespace_changed(uint32_t nsid) {
    for (const auto& [cntlid, controller] : controllers_) {
        controller->namespace_changed(nsid);
    }
}

/// @return false: every controller is of a host that owes no proof, or that is about to give it
bool Subsystem::make_room(const std::string& address, base::TimePoint now) {
    constexpr base::seconds kStandstill{2};
    FairOrder claimants;
    Controller* slow = nullptr;
    for (const auto& [cntlid, controller] : controllers_) {
        if (!controller->owes_proof()) {
            continue;
        }
        const AttachedQueue& admin = *controller->queues().find(0);
        claimants.add(cntlid, admin.endpoints().peer_address);
        if (slow == nullptr && admin.last_step() <= now - kStandstill) {
            slow = controller.get();
        }
    }
    const auto crowded = claimants.oldest_beyond_share(address);
    Controller* victim = crowded ? controllers_.at(static_cast<uint16_t>(*crowded)).get() : slow;
    if (victim != nullptr) {
        victim->queues().close_all("removed to make room: not authenticated");
        remove_controller(*victim);
    }
    return victim != nullptr;
}

Controller* Subsystem::create_controller(ControllerHost host, const std::string& address,
                                         base::TimePoint now) {
    const size_t ids = size_t{config_.cntlid_max} - config_.cntlid_min + 1;
    if (controllers_.size() >= std::min<size_t>(ids, environment_.limits().controllers) &&
        !make_room(address, now)) {
        return nullptr;
    }
    // Ids go round, so that a late command of an old association cannot meet a new one.
    uint16_t cntlid = last_cntlid_;
    do {
        cntlid = cntlid < config_.cntlid_min || cntlid >= config_.cntlid_max
                     ? config_.cntlid_min
                     : static_cast<uint16_t>(cntlid + 1);
    } while (controllers_.contains(cntlid));
    last_cntlid_ = cntlid;
    auto controller = std::make_unique<Controller>(environment_, config_, namespaces_, cntlid,
                                                   std::move(host), now);
    by_host_[controller->host().hostid.bytes].push_back(controller.get());
    return controllers_.emplace(cntlid, std::move(controller)).first->second.get();
}

Controller* Subsystem::find_controller(uint16_t cntlid) const {
    const auto found = controllers_.find(cntlid);
    return found == controllers_.end() ? nullptr : found->second.get();
}

IoCounters Subsystem::counters() const {
    IoCounters total = past_;
    for (const auto& [cntlid, controller] : controllers_) {
        total += controller->counters();
    }
    return total;
}

size_t Subsystem::enforce_access() {
    std::vector<std::pair<Controller*, std::string_view>> leaving;
    for (const auto& [cntlid, controller] : controllers_) {
        const std::string& hostnqn = controller->host().hostnqn;
        const AttachedQueue* admin = controller->queues().find(0);
        if (!environment_.access().may_connect(hostnqn, config_)) {
            leaving.emplace_back(controller.get(), "no longer admitted");
        } else if (admin != nullptr && !admin->has_keys() &&
                   environment_.access().keys(hostnqn, config_, 0) != nullptr) {
            leaving.emplace_back(controller.get(), "must authenticate from now on");
        }
    }
    for (const auto& [controller, reason] : leaving) {
        controller->queues().close_all(reason);
        remove_controller(*controller);
    }
    return leaving.size();
}

void Subsystem::disconnect_all(std::string_view reason) {
    for (const auto& [cntlid, controller] : controllers_) {
        controller->queues().close_all(reason);
    }
    controllers_.clear();
    by_host_.clear();
}

void Subsystem::remove_controller(const Controller& controller) {
    past_ += controller.counters();
    const auto same_host = by_host_.find(controller.host().hostid.bytes);
    std::erase(same_host->second, &controller);
    if (same_host->second.empty()) {
        by_host_.erase(same_host);
    }
    controllers_.erase(controller.cntlid());
}

}  // namespace target
