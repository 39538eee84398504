// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/controller/subsystem.h"

#include <algorithm>
#include <utility>

#include "target/controller/queue.h"
#include "target/controller/target.h"
#include "target/reactor/fair_order.h"

namespace target {

namespace {

/// Holds a namespace for one lane, whose count of users shares no cache line with another.
struct Share {
    static constexpr size_t kCacheLine = 64;
    alignas(kCacheLine) std::shared_ptr<Namespace> ns;
    void operator()(Namespace*) { ns.reset(); }
};

}  // namespace

/// One pointer for each lane: no other lane touches its count. When the last of them is released by
/// any lane, control ends the namespace, and with it perhaps the store.
Subsystem::Shares Subsystem::share(NamespaceConfig config, std::shared_ptr<Backend> backend) const {
    Lane& control = target_.control();
    const std::shared_ptr<Namespace> ns(
        new Namespace(std::move(config), std::move(backend)), [&control](Namespace* last) {
            control.here() ? delete last : control.post([last] { delete last; });
        });
    ns->writes().spread(target_.lanes() - 1, [&control, weak = std::weak_ptr<Namespace>(ns)] {
        std::function<void()> pass_on = [ns = weak.lock()] {
            if (ns != nullptr) {
                ns->writes().pass_on();
            }
        };
        control.here() ? control.defer(std::move(pass_on)) : control.post(std::move(pass_on));
    });
    Shares shares{ns};
    while (shares.size() < target_.lanes()) {
        shares.emplace_back(ns.get(), Share{ns});
    }
    return shares;
}

void Subsystem::add_namespace(NamespaceConfig config, std::shared_ptr<Backend> backend) {
    const uint32_t nsid = config.nsid;
    const auto& shares =
        shares_.insert_or_assign(nsid, share(std::move(config), std::move(backend))).first->second;
    namespaces_.emplace(nsid, shares.front());
    namespace_changed(nsid);
}

bool Subsystem::remove_namespace(uint32_t nsid) {
    const auto found = namespaces_.find(nsid);
    if (found == namespaces_.end()) {
        return false;
    }
    namespaces_.erase(found);
    shares_.erase(nsid);
    namespace_changed(nsid);
    return true;
}

bool Subsystem::change_namespace(NamespaceConfig config) {
    const auto found = namespaces_.find(config.nsid);
    if (found == namespaces_.end()) {
        return false;
    }
    const bool moved = found->second->config().ana_group != config.ana_group;
    found->second->change(std::move(config));
    namespace_changed(found->first);
    for (const auto& [cntlid, controller] : controllers_) {
        if (moved && controller->find_namespace(found->first) != nullptr) {
            controller->raise(AsyncEvents::Kind::kAnaChanged);
        }
    }
    return true;
}

bool Subsystem::protect_namespace(uint32_t nsid, WriteProtection state) {
    const auto found = namespaces_.find(nsid);
    if (found == namespaces_.end()) {
        return false;
    }
    found->second->protect(state);
    namespace_changed(nsid);
    return true;
}

bool Subsystem::resize_namespace(uint32_t nsid) {
    const auto found = namespaces_.find(nsid);
    if (found == namespaces_.end()) {
        return false;
    }
    if (found->second->resize()) {
        namespace_changed(nsid);
    }
    return true;
}

void Subsystem::namespace_changed(uint32_t nsid) {
    for (const auto& [cntlid, controller] : controllers_) {
        controller->namespace_changed(nsid);
    }
}

const Namespace* Subsystem::find_namespace(uint32_t nsid) const {
    const auto found = namespaces_.find(nsid);
    return found == namespaces_.end() ? nullptr : found->second.get();
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
        const Queue& admin = *controller->queue(0);
        claimants.add(cntlid, admin.endpoints().peer_address);
        if (slow == nullptr && admin.standing().last_step <= now - kStandstill) {
            slow = controller.get();
        }
    }
    const auto crowded = claimants.oldest_beyond_share(address);
    Controller* victim = crowded ? controllers_.at(static_cast<uint16_t>(*crowded)).get() : slow;
    if (victim != nullptr) {
        victim->disconnect("removed to make room: not authenticated");
        remove_controller(*victim);
    }
    return victim != nullptr;
}

void Subsystem::change(SubsystemConfig config) {
    config_ = std::move(config);
    names_ = {config_.hosts.begin(), config_.hosts.end()};
}

Controller* Subsystem::create_controller(ControllerHost host, const std::string& address,
                                         base::TimePoint now) {
    const size_t ids = size_t{config_.cntlid_max} - config_.cntlid_min + 1;
    if (controllers_.size() >= std::min<size_t>(ids, target_.limits().controllers) &&
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
    auto controller = std::make_unique<Controller>(target_, *this, cntlid, std::move(host), now);
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
        const Queue* admin = controller->queue(0);
        if (!target_.access().may_connect(hostnqn, *this)) {
            leaving.emplace_back(controller.get(), "no longer admitted");
        } else if (admin != nullptr && admin->keys() == nullptr &&
                   target_.access().keys(hostnqn, *this, 0) != nullptr) {
            leaving.emplace_back(controller.get(), "must authenticate from now on");
        }
    }
    for (const auto& [controller, reason] : leaving) {
        controller->disconnect(reason);
        remove_controller(*controller);
    }
    return leaving.size();
}

void Subsystem::disconnect_all(std::string_view reason) {
    for (const auto& [cntlid, controller] : controllers_) {
        controller->disconnect(reason);
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
