// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/controller/discovery_generation.h"

#include <algorithm>
#include <functional>

namespace target {

uint64_t DiscoveryGenerations::of(const std::string& hostnqn, std::string_view content) {
    const size_t digest = std::hash<std::string_view>{}(content);
    const auto found = seen_.find(hostnqn);
    if (found != seen_.end()) {
        if (found->second.digest != digest) {
            found->second = {digest, ++latest_};
        }
        return found->second.generation;
    }
    if (seen_.size() >= kHosts) {
        seen_.clear();
        ++latest_;
    }
    // The first ones all begin at 1; after hosts were forgotten, above everything given before. A
    // host that is named only now was told the generation of those that nobody names; one that
    // nobody names any more learns it now, so nobody else has that number.
    uint64_t first = std::max<uint64_t>(latest_, 1);
    const auto unnamed = seen_.find("");
    if (unnamed != seen_.end() && unnamed->second.digest == digest) {
        first = unnamed->second.generation;
    } else if (unnamed != seen_.end() || (hostnqn.empty() && latest_ > 0)) {
        first = latest_ + 1;
    }
    latest_ = std::max(latest_, first);
    seen_.emplace(hostnqn, Seen{digest, first});
    return first;
}

}  // namespace target
