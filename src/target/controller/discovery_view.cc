// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/controller/discovery_view.h"

#include "target/controller/target.h"

namespace target {
namespace {

std::vector<DiscoveryRecord> look_up(const Target& target, const std::string& hostnqn) {
    std::vector<DiscoveryRecord> records;
    for (const auto& subsystem : target.subsystems()) {
        const bool listed =
            subsystem->config().listed && (subsystem->is_discovery() || !target.draining());
        if (!listed || !target.access().may_connect(hostnqn, *subsystem)) {
            continue;
        }
        for (const Portal& portal : target.portals()) {
            if (portal.discovery == subsystem->is_discovery()) {
                records.push_back({subsystem.get(), &portal.address, portal.port, portal.id});
            }
        }
    }
    for (const Referral& referral : target.referrals()) {
        records.push_back({nullptr, &referral.address, referral.port, referral.id});
    }
    return records;
}

/// In a form to compare.
std::string content_of(const std::vector<DiscoveryRecord>& records) {
    std::string content;
    for (const DiscoveryRecord& record : records) {
        content += std::string(record.nqn()) + ' ' + *record.address + ' ' +
                   std::to_string(record.port) + ' ' + std::to_string(record.portid) + '\n';
    }
    return content;
}

}  // namespace

std::string_view DiscoveryRecord::nqn() const {
    if (subsystem == nullptr) {
        return nvme::kDiscoveryNqn;
    }
    return subsystem->config().nqn;
}

bool DiscoveryViews::is_named(const Target& target, const std::string& hostnqn) {
    if (!std::exchange(has_named_, true)) {
        for (const auto& subsystem : target.subsystems()) {
            named_.insert(subsystem->config().hosts.begin(), subsystem->config().hosts.end());
        }
    }
    return named_.contains(hostnqn) || target.access().knows(hostnqn);
}

const DiscoveryView& DiscoveryViews::of(const Target& target, const std::string& hostnqn) {
    const std::string key = is_named(target, hostnqn) ? hostnqn : "";
    if (const auto found = views_.find(key); found != views_.end()) {
        return found->second;
    }
    ++lookups_;
    DiscoveryView view{.records = look_up(target, hostnqn)};
    view.generation = generations_.of(key, content_of(view.records));
    records_ += view.records.size() + 1;
    if (records_ > kMostRecords) {
        views_.clear();
        records_ = view.records.size() + 1;
    }
    return views_.emplace(key, std::move(view)).first->second;
}

void DiscoveryViews::changed() {
    views_.clear();
    named_.clear();
    has_named_ = false;
    records_ = 0;
}

}  // namespace target
