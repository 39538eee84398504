// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/after/watch_command.h"

#include <fcntl.h>
#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/fd.h"
#include "base/log.h"
#include "boot/after/path_guard.h"
#include "boot/after/path_history.h"
#include "boot/after/stand_in.h"
#include "boot/connect/root_controllers.h"
#include "boot/handover/path_record.h"
#include "boot/kernel/admin_timeout.h"

namespace boot {
namespace {

using base::SysPaths;

/// The work that the state of the paths requires, whatever their proof.
class Watch {
  public:
    Watch(const SysPaths& sys, const base::Log& log)
        : sys_(sys), log_(log), stand_in_(sys, std::string(kSystemdShutdown)) {
        stand_in_.hold_process_1();
    }

    void look(const std::vector<std::string>& paths) {
        const auto lives = [&](const std::string& name) { return is_live(name, sys_); };
        hurry(std::ranges::all_of(paths, lives));
        prepare_end(std::ranges::any_of(paths, lives), paths.empty());
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

    const SysPaths& sys_;
    const base::Log& log_;
    std::optional<ShortAdminTimeout> short_timeout_;
    StandIn stand_in_;
};

/// Returns when the kernel's log cannot be read any more.
base::Error watch_log(PathGuard& guard, Watch& watch, KernelLog& kernel) {
    constexpr base::seconds kRound{3600};
    constexpr base::seconds kSoon{5};
    constexpr base::seconds kBetweenNotes{60};
    const base::SystemClock clock;
    watch.look(guard.paths());
    guard.begin(kernel);
    for (base::Deadline rest(clock, base::seconds(0));;) {
        const bool doubts = guard.settle_doubts();
        if (rest.passed()) {
            guard.note(kernel);
            rest = base::Deadline(clock, kBetweenNotes);
        }
        const auto come = kernel.wait(base::Deadline(clock, doubts ? kSoon : kRound));
        if (!come) {
            return come.error();
        }
        if (kernel.take_lost()) {
            guard.doubt_all();
        }
        watch.look(guard.paths());
        guard.take(kernel.take_lines());
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
    auto plan = text ? parse_path_record(*text, sys) : base::Result<BootPlan>(text.error());
    if (!plan) {
        log.error(plan.error().text);
        return ExitCode::kInternal;
    }
    base::SystemClock clock;
    PathGuard guard(*plan, sys, clock, log);
    auto kernel = open_history(guard.paths(), sys);
    if (!kernel) {
        log.error(kernel.error().text);
        return ExitCode::kInternal;
    }
    // The program may lie on the disk that is lost: it must not be read from there then.
    if (::mlockall(MCL_CURRENT | MCL_FUTURE) != 0) {
        log.warning("the memory cannot be locked, continuing without");
    }
    Watch watch(sys, log);
    log.error(watch_log(guard, watch, *kernel).text);
    return ExitCode::kInternal;
}

}  // namespace boot
