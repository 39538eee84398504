// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/auth/attempts.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace target {
namespace {

/// No address has a blank.
std::string pair_of(const std::string& address, const std::string& host) {
    return address + ' ' + host;
}

}  // namespace

double LeakyBucket::level(base::TimePoint now, base::milliseconds leak) const {
    const std::chrono::duration<double> passed = now - at_;
    return std::max(0.0, level_ - passed / std::chrono::duration<double>(leak));
}

double LeakyBucket::add(base::TimePoint now, base::milliseconds leak) {
    level_ = level(now, leak) + 1;
    at_ = now;
    return level_;
}

bool Attempts::may_try(const std::string& address, const std::string& host,
                       base::TimePoint now) const {
    const auto below = [&](const LeakyBucket* bucket, base::milliseconds leak, unsigned bound) {
        return bucket == nullptr || bucket->level(now, leak) < bound;
    };
    const std::string pair = pair_of(address, host);
    if (rules_.tolerated == 0) {
        return true;
    }
    return below(pairs_.find(pair), rules_.forgotten_after, rules_.tolerated) &&
           (has_proved(address, host) ||
            below(addresses_.find(address), rules_.forgotten_after / rules_.crowd,
                  rules_.tolerated * rules_.crowd));
}

void Attempts::proved(const std::string& address, const std::string& host) {
    (void)proved_.of(pair_of(address, host));
}

bool Attempts::has_proved(const std::string& address, const std::string& host) const {
    return proved_.find(pair_of(address, host)) != nullptr;
}

base::milliseconds Attempts::failed(const std::string& address, const std::string& host,
                                    base::TimePoint now) {
    pairs_.of(pair_of(address, host)).add(now, rules_.forgotten_after);
    const double failures =
        std::max(addresses_.of(address).add(now, rules_.forgotten_after / rules_.crowd),
                 hosts_.of(host).add(now, rules_.forgotten_after));
    const double factor = std::exp2(std::min(std::floor(failures) - 1, 30.0));
    return std::min(rules_.longest_delay,
                    std::chrono::duration_cast<base::milliseconds>(rules_.first_delay * factor));
}

LeakyBucket& Attempts::Table::of(const std::string& name) {
    if (const auto found = young_.find(name); found != young_.end()) {
        return found->second;
    }
    const LeakyBucket* before = find(name);
    const LeakyBucket bucket = before == nullptr ? LeakyBucket() : *before;
    if (young_.size() == kEntries) {
        old_ = std::exchange(young_, {});
    }
    return young_[name] = bucket;
}

const LeakyBucket* Attempts::Table::find(const std::string& name) const {
    for (const Map* map : {&young_, &old_}) {
        if (const auto found = map->find(name); found != map->end()) {
            return &found->second;
        }
    }
    return nullptr;
}

}  // namespace target
