// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/controller/discovery.h"

#include <utility>

namespace target {
namespace {

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
    return subsystem == nullptr ? nvme::kDiscoveryNqn : std::string_view(subsystem->nqn);
}

void Discovery::add(const SubsystemConfig& subsystem) {
    subsystems_.push_back(&subsystem);
    changed();
}

void Discovery::remove(const SubsystemConfig& subsystem) {
    std::erase(subsystems_, &subsystem);
    changed();
}

void Discovery::add_portal(Portal portal) {
    portals_.push_back(std::move(portal));
    changed();
}

void Discovery::set_referrals(std::vector<Referral> referrals) {
    referrals_ = std::move(referrals);
    changed();
}

void Discovery::hide_subsystems(bool hidden) {
    hidden_ = hidden;
    changed();
}

void Discovery::changed() {
    views_.clear();
    named_.clear();
    has_named_ = false;
    records_ = 0;
}

std::vector<DiscoveryRecord> Discovery::look_up(const std::string& hostnqn) const {
    std::vector<DiscoveryRecord> records;
    for (const SubsystemConfig* subsystem : subsystems_) {
        const bool listed = subsystem->listed && (subsystem->is_discovery() || !hidden_);
        if (!listed || !access_.may_connect(hostnqn, *subsystem)) {
            continue;
        }
        for (const Portal& portal : portals_) {
            if (portal.discovery == subsystem->is_discovery()) {
                records.push_back({subsystem, &portal.address, portal.port, portal.id});
            }
        }
    }
    for (const Referral& referral : referrals_) {
        records.push_back({nullptr, &referral.address, referral.port, referral.id});
    }
    return records;
}

bool Discovery::is_named(const std::string& hostnqn) {
    if (!std::exchange(has_named_, true)) {
        for (const SubsystemConfig* subsystem : subsystems_) {
            named_.insert(subsystem->hosts.begin(), subsystem->hosts.end());
        }
    }
    return named_.contains(hostnqn) || access_.knows(hostnqn);
}

const DiscoveryView& Discovery::view(const std::string& hostnqn) {
    const std::string key = is_named(hostnqn) ? hostnqn : "";
    if (const auto found = views_.find(key); found != views_.end()) {
        return found->second;
    }
    ++lookups_;
    DiscoveryView view{.records = look_up(hostnqn)};
    view.generation = generations_.of(key, content_of(view.records));
    records_ += view.records.size() + 1;
    if (records_ > kMostRecords) {
        views_.clear();
        records_ = view.records.size() + 1;
    }
    return views_.emplace(key, std::move(view)).first->second;
}

}  // namespace target
