// SPDX-License-Identifier: GPL-2.0-or-later
//
// From discovery services to portals: which services are still to be asked, what their logs name,
// and which subsystem it is. Referrals are followed, each service once, and only so far: the logs
// are a stranger's.
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
    static constexpr int kMaxRounds = 4;  ///< those of the plan, and three referrals in a row

    /// @param pattern  the subsystem's name, with * and ?; empty fits any
    explicit DiscoveryWalk(const std::vector<Portal>& services, std::string pattern = {});

    /// The services to ask now, all at once; none: the walk is over.
    std::vector<Portal> next_round();
    /// What is to be kept of a log: what the pattern fits, in whichever case its letters are.
    [[nodiscard]] nvme::DiscoveryReading::Filter filter() const;
    /// What a service of this round answered.
    void take(const Portal& service, const nvme::DiscoveryLog& log);
    void take(const Portal& service, Failure failure);

    /// The one subsystem whose name fits, with all its portals.
    /// @param hostnqn  for messages
    /// kUnreachable (tried again) and others: what the services said, when no one gave a log.
    /// kRefused: none fits (tried again where a service gave no log); what was listed instead, and
    /// why it is of no use. kNamespace, final: several.
    [[nodiscard]] Outcome<Target> conclude(const std::string& hostnqn) const;
    /// What was left out, a sentence for each service.
    [[nodiscard]] const std::vector<std::string>& warnings() const { return warnings_; }

  private:
    struct Found {
        std::string nqn;
        std::vector<Portal> portals;
    };
    void add_service(Portal portal);
    /// @return false: there is no room for another one of this subsystem.
    bool add_portal(const std::string& nqn, Portal portal);
    [[nodiscard]] std::string why_nothing(const std::string& hostnqn) const;

    std::string pattern_;
    std::vector<Portal> waiting_;
    std::vector<Portal> seen_;  ///< asked or waiting
    bool full_ = false;         ///< there was no room for another one
    int rounds_ = 0;
    size_t logs_ = 0;
    std::vector<Found> found_;
    std::vector<std::string> similar_;  ///< names that the pattern fits but for their letters' case
    nvme::DiscoveryLog rest_;           ///< what is of no use, of all services together
    std::vector<Failure> failures_;
    std::vector<std::string> warnings_;
};

}  // namespace boot
