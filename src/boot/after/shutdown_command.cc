// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/after/shutdown_command.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "base/log.h"
#include "boot/connect/connect.h"
#include "boot/connect/root_controllers.h"
#include "boot/kernel/admin_timeout.h"
#include "boot/side_task.h"

namespace boot {
namespace {

using base::SysPaths;

using Names = std::vector<std::string>;

/// Whether one of them is live within the time that a lost target has to come back.
bool await_live(const Names& controllers, const SysPaths& sys, base::Clock& clock) {
    constexpr base::seconds kGrace{8};
    constexpr base::milliseconds kPause{200};
    const base::Deadline deadline(clock, kGrace);
    for (;;) {
        const auto live = [&](const std::string& name) { return is_live(name, sys); };
        if (std::ranges::any_of(controllers, live)) {
            return true;
        }
        if (deadline.passed()) {
            return false;
        }
        clock.sleep(kPause);
    }
}

/// All at once: the kernel does not answer before a connect that it is at has failed.
void let_go(const Names& controllers, const SysPaths& sys, const base::Clock& clock) {
    constexpr base::seconds kPatience{5};
    std::vector<SideTask> tasks;
    for (const std::string& controller : controllers) {
        if (auto task = start_disconnect(controller, sys)) {
            tasks.push_back(std::move(task).value());
        }
    }
    const base::Deadline deadline(clock, kPatience);
    for (SideTask& task : tasks) {
        (void)task.wait(deadline);  // the kernel continues by itself
    }
}

}  // namespace

ExitCode shutdown_command(const SysPaths& sys, base::Clock& clock, StandIn& stand_in) {
    constexpr base::seconds kAdminTimeout{5};
    // A live target is not touched by these; of a dead one the kernel lets go after some tries.
    ConnectOptions hasty;
    hasty.reconnect_delay = base::seconds(1);
    hasty.ctrl_loss_tmo = base::seconds(10);
    hasty.fast_io_fail_tmo = base::seconds(5);
    const base::Log log("nvmeroot", base::Level::kNotice);
    const Names controllers = owned_controllers(sys);
    if (controllers.empty()) {
        return ExitCode::kNotAsked;
    }
    ExitCode code = ExitCode::kDone;
    stand_in.announce();
    (void)shorten_admin_timeout(sys, kAdminTimeout);
    for (const std::string& controller : controllers) {
        if (const auto set = set_times(controller, hasty, sys); !set) {
            log.warning(controller + ": " + set.error().text);
            code = ExitCode::kInternal;
        }
    }
    if (!await_live(controllers, sys, clock)) {
        log.warning("no target of the root answers; unwritten data is lost");
        if (const auto laid = stand_in.lay(); !laid) {
            log.warning(laid.error().text);
        }
        let_go(controllers, sys, clock);
    }
    return code;
}

}  // namespace boot
