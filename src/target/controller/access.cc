// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/controller/access.h"

#include <utility>

namespace target {

void HostTable::add(std::string nqn, std::shared_ptr<const HostKeys> keys) {
    names_.insert(nqn);
    hosts_.insert_or_assign(std::move(nqn), std::move(keys));
}

void HostTable::add(std::string nqn, std::string_view subnqn,
                    std::shared_ptr<const HostKeys> keys) {
    names_.insert(nqn);
    special_[std::string(subnqn)].insert_or_assign(std::move(nqn), std::move(keys));
}

bool HostTable::may_connect(std::string_view hostnqn, const SubsystemConfig& subsystem) const {
    if (subsystem.is_discovery()) {
        return !discovery_auth_ || keys(hostnqn, subsystem, 0) != nullptr;
    }
    if (!subsystem.allow_any_host && !subsystem.hosts.contains(hostnqn)) {
        return false;
    }
    return !subsystem.require_keys || keys(hostnqn, subsystem, 0) != nullptr;
}

bool HostTable::knows(std::string_view hostnqn) const {
    return names_.contains(hostnqn);
}

std::shared_ptr<const HostKeys> HostTable::keys(std::string_view hostnqn,
                                                const SubsystemConfig& subsystem,
                                                uint16_t /*qid*/) const {
    if (subsystem.is_discovery() && !discovery_auth_) {
        return nullptr;
    }
    if (const auto table = special_.find(subsystem.nqn); table != special_.end()) {
        if (const auto host = table->second.find(hostnqn); host != table->second.end()) {
            return host->second;
        }
    }
    const auto host = hosts_.find(hostnqn);
    return host == hosts_.end() ? nullptr : host->second;
}

}  // namespace target
