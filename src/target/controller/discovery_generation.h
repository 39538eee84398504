// SPDX-License-Identifier: GPL-2.0-or-later
//
// GENCTR of the discovery log. Each host sees its own part of the log, so each has its own count,
// which changes when what it sees changes, and only then. The hosts that are remembered are
// bounded, for anybody may ask; one that was forgotten gets a new number, never an old one again.
//
// Base Specification 2.0: 5.16.1.23 "Discovery Log Page".
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace target {

class DiscoveryGenerations {
  public:
    static constexpr size_t kHosts = 4096;

    /// The count for a host whose part of the log is `content` now.
    uint64_t of(const std::string& hostnqn, std::string_view content);

  private:
    struct Seen {
        size_t digest = 0;
        uint64_t generation = 0;
    };
    std::map<std::string, Seen> seen_;
    uint64_t latest_ = 0;
};

}  // namespace target
