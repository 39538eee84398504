// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/after/path_guard.h"

#include <unistd.h>

#include <algorithm>
#include <iterator>

#include "base/fd.h"
#include "boot/after/path_history.h"
#include "boot/connect/connect.h"
#include "boot/connect/path_proof.h"
#include "boot/connect/proof_record.h"
#include "boot/connect/root_controllers.h"

namespace boot {

PathGuard::PathGuard(const BootPlan& plan, const base::SysPaths& sys, base::Clock& clock,
                     const base::Log& log)
    : action_(plan.on_downgrade),
      policy_(demands_of(plan.auth)),
      subsysnqn_(plan.target.subsysnqn),
      judge_(demands_of(plan.auth)),
      sys_(sys),
      clock_(clock),
      log_(log) {}

std::vector<std::string> PathGuard::paths() const {
    const std::vector<std::string> of_root = controllers_of(sys_, subsysnqn_);
    std::vector<std::string> names = owned_controllers(sys_);
    // An entry may be of a controller that is gone, and the name another subsystem's now.
    std::erase_if(names, [&](const std::string& name) {
        return std::ranges::find(of_root, name) == of_root.end();
    });
    return names;
}

void PathGuard::begin(KernelLog& history) {
    (void)history.drain();
    if (history.take_lost()) {
        (void)history.take_lines();  // they may tell of half a reconnect
        doubt_all();
        return;
    }
    std::vector<std::string> doubtful;
    for (const std::string& controller : paths()) {
        if (standing_of(controller, history, policy_, sys_) == Standing::kDoubtful) {
            doubtful.push_back(controller);
        }
    }
    began_ = history.position().value_or(0);
    take(history.take_lines());
    for (const std::string& controller : doubtful) {
        if (!fallen_.contains(controller)) {
            doubt(controller);
        }
    }
}

void PathGuard::take(const std::vector<KernelLine>& lines) {
    const std::vector<std::string> present = paths();
    known_.insert(present.begin(), present.end());
    for (const KernelLine& line : lines) {
        const auto downgrade = judge_.take(line.text);
        if (!downgrade || !is_of_root(downgrade->controller) ||
            line.sequence <= proven_at(downgrade->controller, sys_).value_or(began_)) {
            continue;
        }
        if (downgrade->certain) {
            act(*downgrade);
        } else {
            doubt(downgrade->controller);
        }
    }
}

void PathGuard::doubt_all() {
    judge_.forget();
    for (const std::string& controller : paths()) {
        doubt(controller);
    }
}

bool PathGuard::settle_doubts() {
    const std::vector<std::string> present = paths();
    for (auto entry = doubts_.begin(); entry != doubts_.end();) {
        auto& [controller, times] = *entry;
        const bool settled = std::ranges::find(present, controller) == present.end() ||
                             (is_live(controller, sys_) && settle(controller, times));
        entry = settled ? doubts_.erase(entry) : std::next(entry);
    }
    return !doubts_.empty();
}

void PathGuard::note(const KernelLog& log) const {
    for (const std::string& controller : paths()) {
        const bool good = !doubts_.contains(controller) && !fallen_.contains(controller) &&
                          !judge_.is_lost(controller) && proven_at(controller, sys_);
        if (good) {
            (void)note_proof(controller, log, sys_);  // without it another run asks for a proof
        }
    }
}

/// The path has ended when its directory in sysfs is removed.
bool PathGuard::is_of_root(const std::string& controller) const {
    const std::vector<std::string> present = paths();
    return std::ranges::find(present, controller) != present.end() ||
           (known_.contains(controller) &&
            ::access((sys_.sys + "/class/nvme/" + controller).c_str(), F_OK) != 0);
}

/// @return whether it is known now what the controller is worth
bool PathGuard::settle(const std::string& controller, int& times) {
    constexpr int kMostDoubts = 5;
    const auto proven = prove_path(policy_, controller, sys_, clock_);
    if (proven) {
        fallen_.erase(controller);
        return true;
    }
    const Failure& why = proven.error();
    times += why.doubtful ? 1 : 0;
    if (why.retry && times < kMostDoubts) {
        return false;
    }
    act({controller, "asked to authenticate again, " + why.error.text});
    return true;
}

void PathGuard::act(const DowngradeJudge::Downgrade& downgrade) {
    const std::string text = downgrade.controller + ": " + downgrade.text;
    fallen_.insert(downgrade.controller);
    switch (action_) {
        case OnDowngrade::kLog:
            log_.error(text);
            return;
        case OnDowngrade::kCut:
            log_.error(text + "; this path to the root is cut (on_downgrade=cut)");
            disconnect(downgrade.controller, sys_, clock_);
            return;
        case OnDowngrade::kPanic:
            log_.error(text + "; the machine stops (on_downgrade=panic)");
            (void)base::write_text(sys_.proc + "/sysrq-trigger", "c");
            return;
    }
}

}  // namespace boot
