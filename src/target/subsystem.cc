// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/subsystem.h"

#include <algorithm>
#include <utility>

#include "target/queue.h"
#include "target/target.h"

namespace target {

void Subsystem::add_namespace(NamespaceConfig config, std::shared_ptr<Backend> backend) {
    const uint32_t nsid = config.nsid;
    namespaces_.emplace(nsid, std::make_shared<Namespace>(std::move(config), std::move(backend)));
    namespace_changed(nsid);
}

bool Subsystem::remove_namespace(uint32_t nsid) {
    const auto found = namespaces_.find(nsid);
    if (found == namespaces_.end()) {
        return false;
    }
    found->second->retire();
    namespaces_.erase(found);
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

void Subsystem::protect_namespace(uint32_t nsid, WriteProtection state) {
    namespaces_.at(nsid)->protect(state);
    namespace_changed(nsid);
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

Controller* Subsystem::create_controller(ControllerHost host, base::TimePoint now) {
    const size_t ids = size_t{config_.cntlid_max} - config_.cntlid_min + 1;
    if (controllers_.size() >= std::min<size_t>(ids, target_.limits().controllers)) {
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
    return controllers_.emplace(cntlid, std::move(controller)).first->second.get();
}

Controller* Subsystem::find_controller(uint16_t cntlid) const {
    const auto found = controllers_.find(cntlid);
    return found == controllers_.end() ? nullptr : found->second.get();
}

IoCounters Subsystem::counters() const {
    IoCounters total = past_;
    for (const auto& [cntlid, controller] : controllers_) {
        total += controller->counters;
    }
    return total;
}

size_t Subsystem::enforce_access() {
    std::vector<std::pair<Controller*, std::string_view>> leaving;
    for (const auto& [cntlid, controller] : controllers_) {
        const std::string& hostnqn = controller->host().hostnqn;
        const Queue* admin = controller->queue(0);
        if (!target_.access().may_connect(hostnqn, *this)) {
            leaving.emplace_back(controller.get(), "not admitted any more");
        } else if (admin != nullptr && admin->keys() == nullptr &&
                   target_.access().keys(hostnqn, *this, 0) != nullptr) {
            leaving.emplace_back(controller.get(), "has to prove itself from now on");
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
}

void Subsystem::remove_controller(const Controller& controller) {
    past_ += controller.counters;
    controllers_.erase(controller.cntlid());
}

}  // namespace target
