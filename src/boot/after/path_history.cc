// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/after/path_history.h"

#include <algorithm>

#include "boot/connect/path_proof.h"
#include "boot/connect/proof_record.h"

namespace boot {

using base::SysPaths;

base::Result<KernelLog> open_history(const std::vector<std::string>& controllers,
                                     const SysPaths& sys) {
    std::optional<uint64_t> oldest;
    for (const std::string& controller : controllers) {
        const auto proof = proven_at(controller, sys);
        if (proof) {
            oldest = std::min(*proof, oldest.value_or(*proof));
        }
    }
    return oldest ? KernelLog::open_behind(sys, *oldest) : KernelLog::open(sys);
}

Standing standing_since(uint64_t proof, const std::string& controller,
                        std::span<const KernelLine> lines, const AuthPlan& policy) {
    const std::string prefix = "nvme " + controller + ": ";
    DowngradeJudge judge(demands_of(policy));
    for (const KernelLine& line : lines) {
        if (line.sequence <= proof || !line.text.starts_with(prefix)) {
            continue;
        }
        const bool was_lost = judge.is_lost(controller);
        if (judge.take(line.text)) {
            return Standing::kDoubtful;
        }
        // A line of no reconnect: somebody asked the controller for something, or it is going.
        if (!was_lost && !judge.is_lost(controller)) {
            return Standing::kDoubtful;
        }
    }
    return judge.is_lost(controller) ? Standing::kLost : Standing::kProven;
}

Standing standing_of(const std::string& controller, const KernelLog& log, const AuthPlan& policy,
                     const SysPaths& sys) {
    if (policy.mode == Auth::kOff) {
        return Standing::kProven;
    }
    const auto proof = proven_at(controller, sys);
    if (!proof || !log.tells_all_behind(*proof)) {
        return Standing::kDoubtful;
    }
    return standing_since(*proof, controller, log.lines(), policy);
}

}  // namespace boot
