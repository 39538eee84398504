// SPDX-License-Identifier: GPL-2.0-or-later
//
// The view of each host of the discovery log: looked up once after each change, however often it
// is read, for anybody may ask. All hosts that the configuration does not know see the same. A view
// holds no page: a reader makes the part that it was asked for.
//
// Base Specification 2.0: 5.16.1.23 "Discovery Log Page".
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "target/controller/discovery_generation.h"

namespace target {

class Subsystem;
class Target;

/// One line of the log before it has the form of the wire. It borrows from the target.
struct DiscoveryRecord {
    const Subsystem* subsystem = nullptr;  ///< null: a referral
    const std::string* address = nullptr;  ///< perhaps that of the whole machine
    uint16_t port = 0;
    uint16_t portid = 0;

    [[nodiscard]] std::string_view nqn() const;
};

struct DiscoveryView {
    std::vector<DiscoveryRecord> records;
    uint64_t generation = 0;  ///< GENCTR
};

class DiscoveryViews {
  public:
    /// Records of all views that are kept: above it they are looked up again.
    static constexpr size_t kMostRecords = size_t{64} << 10U;

    /// Lives until the next call or changed().
    const DiscoveryView& of(const Target& target, const std::string& hostnqn);
    /// Whatever the log is made of may be another now.
    void changed();
    /// Views that were looked up so far.
    [[nodiscard]] uint64_t lookups() const { return lookups_; }

  private:
    [[nodiscard]] bool is_named(const Target& target, const std::string& hostnqn);

    std::map<std::string, DiscoveryView> views_;  ///< by NQN; "": of all that nobody names
    size_t records_ = 0;
    std::set<std::string> named_;  ///< hosts of all subsystems
    bool has_named_ = false;
    DiscoveryGenerations generations_;
    uint64_t lookups_ = 0;
};

}  // namespace target
