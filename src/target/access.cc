// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/access.h"

#include <algorithm>
#include <utility>

#include "target/subsystem.h"

namespace target {

void HostTable::add(std::string nqn, std::shared_ptr<const HostKeys> keys) {
    hosts_.insert_or_assign(std::move(nqn), std::move(keys));
}

bool HostTable::may_connect(std::string_view hostnqn, const Subsystem& subsystem) const {
    const SubsystemConfig& config = subsystem.config();
    if (subsystem.is_discovery() || config.allow_any_host) {
        return true;
    }
    if (std::ranges::find(config.hosts, hostnqn) == config.hosts.end()) {
        return false;
    }
    return !config.require_keys || keys(hostnqn, subsystem, 0) != nullptr;
}

std::shared_ptr<const HostKeys> HostTable::keys(std::string_view hostnqn,
                                                const Subsystem& subsystem,
                                                uint16_t /*qid*/) const {
    const auto host = hosts_.find(hostnqn);
    return subsystem.is_discovery() || host == hosts_.end() ? nullptr : host->second;
}

}  // namespace target
