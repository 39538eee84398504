// SPDX-License-Identifier: GPL-2.0-or-later
//
// Portals, subsystems, referrals, and the view of each host of them: the discovery log. A view is
// looked up once after each change, however often it is read, for anyone may ask. All hosts that the configuration does not know see the same. A view holds no
// page: a reader makes the part that it was asked for.
//
// Base Specification 2.0: 5.16.1.23 "Discovery Log Page".
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "nvme/fabrics.h"
#include "target/controller/access.h"
#include "target/controller/discovery_generation.h"
#include "target/controller/subsystem_config.h"

namespace target {

/// An address where hosts can reach this target: what the discovery log names.
struct Portal {
    std::string address;  ///< numeric; "0.0.0.0" and "::" stand for the address the host used
    uint16_t port = nvme::kPortSubsystem;
    uint16_t id = 1;         ///< PORTID
    bool discovery = false;  ///< listed as a portal of the discovery controller itself
};

/// Another discovery service that the discovery log points to.
struct Referral {
    std::string address;  ///< numeric
    uint16_t port = nvme::kPortDiscovery;
    uint16_t id = 0;  ///< PORTID
};

/// Whether a portal's address stands for all addresses of the machine.
inline bool is_wildcard(std::string_view address) {
    return address == "0.0.0.0" || address == "::";
}

/// One line of the log before it has the form of the wire. It borrows from the target.
struct DiscoveryRecord {
    const SubsystemConfig* subsystem = nullptr;  ///< null: a referral
    const std::string* address = nullptr;        ///< perhaps that of the whole machine
    uint16_t port = 0;
    uint16_t portid = 0;

    [[nodiscard]] std::string_view nqn() const;
};

struct DiscoveryView {
    std::vector<DiscoveryRecord> records;
    uint64_t generation = 0;  ///< GENCTR
};

class Discovery {
  public:
    /// Records of all views that are kept: above it they are looked up again.
    static constexpr size_t kMostRecords = size_t{64} << 10U;

    /// @param access  outlives this object
    explicit Discovery(const AccessPolicy& access) : access_(access) {}

    /// @param subsystem  stays where it is until it is removed; after a change of what it holds,
    ///                   changed() has to be called
    void add(const SubsystemConfig& subsystem);
    void remove(const SubsystemConfig& subsystem);
    void add_portal(Portal portal);
    [[nodiscard]] const std::vector<Portal>& portals() const { return portals_; }
    void set_referrals(std::vector<Referral> referrals);
    [[nodiscard]] const std::vector<Referral>& referrals() const { return referrals_; }
    /// Whether the log names the discovery subsystem only.
    void hide_subsystems(bool hidden);
    /// Whatever the log is made of may be another now.
    void changed();

    /// The current view of this host. Lives until the next call or change.
    const DiscoveryView& view(const std::string& hostnqn);
    /// Views that were looked up so far.
    [[nodiscard]] uint64_t lookups() const { return lookups_; }

  private:
    [[nodiscard]] std::vector<DiscoveryRecord> look_up(const std::string& hostnqn) const;
    [[nodiscard]] bool is_named(const std::string& hostnqn);

    const AccessPolicy& access_;
    std::vector<const SubsystemConfig*> subsystems_;
    std::vector<Portal> portals_;
    std::vector<Referral> referrals_;
    bool hidden_ = false;

    std::map<std::string, DiscoveryView> views_;  ///< by NQN; "": of all that nobody names
    size_t records_ = 0;
    std::set<std::string> named_;  ///< hosts of all subsystems
    bool has_named_ = false;
    DiscoveryGenerations generations_;
    uint64_t lookups_ = 0;
};

}  // namespace target
