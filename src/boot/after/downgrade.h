// SPDX-License-Identifier: GPL-2.0-or-later
//
// The kernel's log about a controller that was lost and came back. The kernel silently
// accepts a target that no longer requires authentication, and continues: this unit therefore holds
// each reconnect to the demands of the boot.
//
//     nvme nvme0: starting error recovery                        a new association begins here
//     nvme nvme0: qid 0: authenticated with hash … dhgroup …     evidence (auth_proof.h), or none
//     nvme nvme0: creating 2 I/O queues.
//     nvme nvme0: nvme_queue_auth_work: qid 1 send negotiate     each of them is named
//     nvme nvme0: Successfully reconnected (attempt 3/-1)        judged here
//     nvme nvme0: Removing controller (-129)...                  or here: the end of it
//
// A reset that somebody asked for (`nvme reset`) is an association too, of which the kernel tells
// neither the beginning nor the end.
//
// If lines are missing, because no program read the log when the association began, because it ran
// over or because the kernel names no queue, and after a reset, the lines prove nothing either way:
// then the controller is doubted, and must authenticate again (path_proof.h).
//
// Lines in, complaints out; the caller reads the log and acts.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "boot/connect/auth_proof.h"
#include "boot/plan/plan.h"

namespace boot {

class DowngradeJudge {
  public:
    /// @param policy  what the boot demanded; its secrets are not needed
    explicit DowngradeJudge(AuthPlan policy) : policy_(std::move(policy)) {}

    struct Downgrade {
        std::string controller;
        std::string text;     ///< one sentence
        bool certain = true;  ///< otherwise a proof must tell
    };
    /// @param line  of any NVMe driver: `nvme nvme0: …`
    /// @return what is wrong with the controller as of this line
    std::optional<Downgrade> take(std::string_view line);
    /// Whether the lines tell of a loss and not yet of its end.
    [[nodiscard]] bool is_lost(std::string_view controller) const;
    /// Lines were lost: what began before is not known any more.
    void forget() { associations_.clear(); }

  private:
    /// The lines about a controller since it was lost.
    struct Association {
        bool begun = false;  ///< and the beginning was seen
        std::vector<std::string> lines;
    };
    static AuthEvidence evidence_of(const Association& association);
    static std::optional<Downgrade> doubt_queues(const std::string& controller,
                                                 const Association& association,
                                                 const AuthEvidence& evidence);
    std::optional<Downgrade> judge_return(const std::string& controller);
    std::optional<Downgrade> judge_end(const std::string& controller);

    AuthPlan policy_;
    std::map<std::string, Association, std::less<>> associations_;
};

}  // namespace boot
