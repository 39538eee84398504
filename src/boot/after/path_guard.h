// SPDX-License-Identifier: GPL-2.0-or-later
//
// The root's paths, held against the policy of the boot as long as the machine runs: each reconnect
// by its lines (downgrade.h), each path of which those lines leave a doubt by another proof
// (path_proof.h). A path that falls short is logged or cut, or the machine is stopped, as the key
// on_downgrade says.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/sys_paths.h"
#include "boot/after/downgrade.h"
#include "boot/kernel/kmsg.h"
#include "boot/plan/plan.h"

namespace boot {

class PathGuard {
  public:
    /// @param plan  of path_record.h
    PathGuard(const BootPlan& plan, const base::SysPaths& sys, base::Clock& clock,
              const base::Log& log);

    /// The controllers of the root that are there.
    [[nodiscard]] std::vector<std::string> paths() const;

    /// Takes the log since the proofs, and doubts the paths of which it does not tell all.
    /// @param history  open_history() of paths(); read up to now
    void begin(KernelLog& history);
    /// Takes lines as they come.
    void take(const std::vector<KernelLine>& lines);
    /// Lines of the kernel's log are lost: each path may have come back with less than the policy
    /// demands.
    void doubt_all();
    /// Makes the doubted controllers that are connected authenticate. @return whether doubts
    /// remain
    bool settle_doubts();
    /// Notes for another run which paths are known to be good; all lines of `log` were taken.
    void note(const KernelLog& log) const;

  private:
    void doubt(const std::string& controller) { doubts_.emplace(controller, 0); }
    [[nodiscard]] bool is_of_root(const std::string& controller) const;
    bool settle(const std::string& controller, int& times);
    void act(const DowngradeJudge::Downgrade& downgrade);

    OnDowngrade action_;
    AuthPlan policy_;
    std::string subsysnqn_;
    DowngradeJudge judge_;
    const base::SysPaths& sys_;
    base::Clock& clock_;
    const base::Log& log_;
    uint64_t began_ = 0;           ///< the last line that was in the log at the beginning
    std::set<std::string> known_;  ///< the root's, those that are gone too
    std::map<std::string, int>
        doubts_;                    ///< how often a controller left it unclear what it is worth
    std::set<std::string> fallen_;  ///< acted on, and not proven since
};

}  // namespace boot
