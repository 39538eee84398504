// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/watch_command.h"

#include <fcntl.h>
#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "base/fd.h"
#include "base/log.h"
#include "boot/admin_timeout.h"
#include "boot/connect.h"
#include "boot/downgrade.h"
#include "boot/kmsg.h"
#include "boot/path_record.h"
#include "boot/root_controllers.h"
#include "boot/stand_in.h"

namespace boot {
namespace {

using base::SysPaths;

class Watch {
  public:
    Watch(BootPlan plan, const SysPaths& sys, const base::Log& log)
        : action_(plan.on_downgrade),
          judge_(std::move(plan.auth)),
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
            if (downgrade && known_.contains(downgrade->controller)) {
                act(*downgrade);
            }
        }
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
    const SysPaths& sys_;
    const base::Log& log_;
    base::SystemClock clock_;
    std::optional<ShortAdminTimeout> short_timeout_;
    StandIn stand_in_;
    std::set<std::string> known_;  ///< the root's, those that are gone too
};

/// Returns when the kernel's log cannot be read any more.
base::Error watch_log(Watch& watch, KernelLog& kernel) {
    constexpr base::seconds kRound{3600};
    const base::SystemClock clock;
    watch.look({});  // what was lost before the log was opened has no line in it
    for (;;) {
        const auto come = kernel.wait(base::Deadline(clock, kRound));
        if (!come) {
            return come.error();
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
