// SPDX-License-Identifier: GPL-2.0-or-later
//
// From discovery services to portals: which services must still be queried, which portals their
// logs name, and which subsystem is the root. The walk follows referrals, queries each service
// once, and limits both, because the logs are not trusted.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "boot/failure.h"
#include "boot/plan/plan.h"
#include "nvme/discovery_log.h"

namespace boot {

class DiscoveryWalk {
  public:
    static constexpr size_t kMaxServices = 16;
    static constexpr size_t kMaxPortals = nvme::DiscoveryLog::kMaxPaths;
    static constexpr int kMaxRounds =
        4;  ///< the services of the plan, and three referrals in a row

    /// @param pattern  the subsystem's name, with * and ?; empty fits any
    explicit DiscoveryWalk(const std::vector<Portal>& services, std::string pattern = {});

    /// The services to query now, all at once; empty: the walk is over.
    std::vector<Portal> next_round();
    /// The entries of a log to keep: those that match the pattern, in any letter case.
    [[nodiscard]] nvme::DiscoveryReading::Filter filter() const;
    /// The answer of a service of this round.
    void take(const Portal& service, const nvme::DiscoveryLog& log);
    void take(const Portal& service, Failure failure);

    /// The one subsystem whose name fits, with all its portals.
    /// @param hostnqn  for messages
    /// kUnreachable (retried) and others: the errors of the services, if none returned a log.
    /// kRefused: no subsystem matches (retried if a service returned no log); the message lists the
    /// entries and why each is unusable. kNamespace, final: several subsystems match.
    [[nodiscard]] Outcome<Target> conclude(const std::string& hostnqn) const;
    /// The ignored entries, a sentence for each service.
    [[nodiscard]] const std::vector<std::string>& warnings() const { return warnings_; }

  private:
    struct Found {
        std::string nqn;
        std::vector<Portal> portals;
    };
    void add_service(Portal portal);
    /// @return false: there is no room for another portal of this subsystem.
    bool add_portal(const std::string& nqn, Portal portal);
    [[nodiscard]] std::string why_nothing(const std::string& hostnqn) const;

    std::string pattern_;
    std::vector<Portal> waiting_;
    std::vector<Portal> seen_;  ///< queried or waiting
    bool full_ = false;         ///< there was no room for another service
    int rounds_ = 0;
    size_t logs_ = 0;
    std::vector<Found> found_;
    std::vector<std::string> similar_;  ///< names that match the pattern except for letter case
    nvme::DiscoveryLog rest_;           ///< unusable entries of all services
    std::vector<Failure> failures_;
    std::vector<std::string> warnings_;
};

}  // namespace boot
