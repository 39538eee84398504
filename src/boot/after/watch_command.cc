// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/after/watch_command.h"

#include <fcntl.h>
#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "base/fd.h"
#include "base/log.h"
#include "boot/after/downgrade.h"
#include "boot/after/stand_in.h"
#include "boot/connect/connect.h"
#include "boot/connect/path_proof.h"
#include "boot/connect/root_controllers.h"
#include "boot/handover/path_record.h"
#include "boot/kernel/admin_timeout.h"
#include "boot/kernel/kmsg.h"

namespace boot {
namespace {

using base::SysPaths;

class Watch {
  public:
    Watch(BootPlan plan, const SysPaths& sys, const base::Log& log)
        : action_(plan.on_downgrade),
          judge_(demands_of(plan.auth)),
          policy_(std::move(plan.auth)),
          sys_(sys),
          log_(log),
          stand_in_(sys, std::string(kSystemdShutdown)) {
        stand_in_.hold_process_1();
    }

    /// Takes what the log holds.
    void look(const std::vector<KernelLine>& lines) {
        const std::vector<std::string> ours = owned_controllers(sys_);
        const auto lives = [&](const std::string& name) { return is_live(name, sys_); };
        hurry(std::ranges::all_of(ours, lives));
        prepare_end(std::ranges::any_of(ours, lives), ours.empty());
        known_.insert(ours.begin(), ours.end());
        for (const KernelLine& line : lines) {
            const auto downgrade = judge_.take(line.text);
            if (!downgrade || !known_.contains(downgrade->controller)) {
                continue;
            }
            if (downgrade->certain) {
                act(*downgrade);
            } else {
                doubts_.emplace(downgrade->controller, 0);
            }
        }
    }

    /// Nobody watched until now, or lines of the kernel's log are lost: each path may have come
    /// back with less than the policy demands.
    void doubt_all() {
        judge_.forget();
        for (const std::string& controller : owned_controllers(sys_)) {
            doubts_.emplace(controller, 0);
        }
    }

    /// Makes the doubted controllers that are connected authenticate. @return whether doubts
    /// remain
    bool settle_doubts() {
        const std::vector<std::string> ours = owned_controllers(sys_);
        for (auto doubt = doubts_.begin(); doubt != doubts_.end();) {
            auto& [controller, times] = *doubt;
            const bool settled = std::ranges::find(ours, controller) == ours.end() ||
                                 (is_live(controller, sys_) && settle(controller, times));
            doubt = settled ? doubts_.erase(doubt) : std::next(doubt);
        }
        return !doubts_.empty();
    }

  private:
    /// A target that comes back may be mute. The kernel's log tells of every loss and reconnect.
    void hurry(bool all_live) {
        constexpr base::seconds kPatience{15};
        if (all_live) {
            short_timeout_.reset();
        } else if (!short_timeout_) {
            short_timeout_.emplace(sys_, kPatience);
        }
    }

    void prepare_end(bool root_lives, bool lost_for_good) {
        if (root_lives) {
            stand_in_.root_lives();
        } else if (lost_for_good || stand_in_.is_announced()) {
            if (const auto laid = stand_in_.lay(); !laid) {
                log_.warning("the machine will not be switched off without its root: " +
                             laid.error().text);
            }
        }
    }

    /// @return whether it is known now what the controller is worth
    bool settle(const std::string& controller, int& doubts) {
        constexpr int kMostDoubts = 5;
        const auto proven = prove_path(policy_, controller, sys_, clock_);
        if (proven) {
            return true;
        }
        const Failure& why = proven.error();
        doubts += why.doubtful ? 1 : 0;
        if (why.retry && doubts < kMostDoubts) {
            return false;
        }
        act({controller, "asked to authenticate again, " + why.error.text});
        return true;
    }

    void act(const DowngradeJudge::Downgrade& downgrade) {
        const std::string text = downgrade.controller + ": " + downgrade.text;
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

    OnDowngrade action_;
    DowngradeJudge judge_;
    AuthPlan policy_;
    const SysPaths& sys_;
    const base::Log& log_;
    base::SystemClock clock_;
    std::optional<ShortAdminTimeout> short_timeout_;
    StandIn stand_in_;
    std::set<std::string> known_;  ///< the root's, those that are gone too
    std::map<std::string, int>
        doubts_;  ///< how often a controller left it unclear what it is worth
};

/// Returns when the kernel's log cannot be read any more.
base::Error watch_log(Watch& watch, KernelLog& kernel) {
    constexpr base::seconds kRound{3600};
    constexpr base::seconds kSoon{5};
    const base::SystemClock clock;
    watch.look({});  // what was lost before the log was opened has no line in it
    watch.doubt_all();
    for (;;) {
        const bool doubts = watch.settle_doubts();
        const auto come = kernel.wait(base::Deadline(clock, doubts ? kSoon : kRound));
        if (!come) {
            return come.error();
        }
        if (kernel.take_lost()) {
            watch.doubt_all();
        }
        watch.look(kernel.take_lines());
    }
}

}  // namespace

ExitCode watch_command(const SysPaths& sys) {
    base::Log log("nvmeroot", base::Level::kNotice);
    if (auto kmsg = base::open_file(sys.dev + "/kmsg", O_WRONLY)) {
        log.also_to_kmsg(std::move(kmsg).value());  // seen although the journal's disk is lost
    }
    const auto text = base::read_text(path_record_file(sys));
    if (!text && text.error().code == ENOENT) {
        log.notice("no boot of nvmeroot left a root to watch");
        return ExitCode::kNotAsked;
    }
    auto plan = text ? parse_path_record(*text) : base::Result<BootPlan>(text.error());
    auto kernel = KernelLog::open(sys);
    if (!plan || !kernel) {
        log.error((plan ? kernel.error() : plan.error()).text);
        return ExitCode::kInternal;
    }
    // The program may lie on the disk that is lost: it must not be read from there then.
    if (::mlockall(MCL_CURRENT | MCL_FUTURE) != 0) {
        log.warning("the memory cannot be locked, continuing without");
    }
    Watch watch(std::move(*plan), sys, log);
    log.error(watch_log(watch, *kernel).text);
    return ExitCode::kInternal;
}

}  // namespace boot
