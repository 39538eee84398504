// SPDX-License-Identifier: GPL-2.0-or-later
//
// The kernel's own connect, written by libnvme (connect_libnvme.h). The write to /dev/nvme-fabrics
// sleeps uninterruptibly for as long as a target keeps silent (10 s to over 7 min) and holds up
// every other connect of the machine, so it happens in a side task that the boot can leave behind.
// What the kernel's option list lacks is refused beforehand, because libnvme drops such an option
// without a word: a secret too. Discovery controllers are asked of the kernel without it, because
// libnvme 1 gives them no secrets.
//
// A controller that came up is not yet trusted: auth_proof.h.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/sys_paths.h"
#include "boot/failure.h"
#include "boot/kernel/kmsg.h"
#include "boot/plan/plan.h"
#include "boot/side_task.h"

namespace boot {

struct Controller {
    std::string name;  ///< nvme0
    Portal portal;
    uint32_t io_queues = 0;  ///< how many were asked for; the target may grant fewer
};

/// The options that the kernel's connect knows, by name.
/// @param list  what /dev/nvme-fabrics says when read: `instance=-1,…,dhchap_secret=%s,…`
std::vector<std::string_view> fabrics_options(std::string_view list);

/// Refuses a plan that needs an option which the kernel does not list: kAuthentication for the
/// secrets, kConnect (final) for others.
Outcome<base::Nothing> check_options(const BootPlan& plan, const Portal& portal,
                                     std::span<const std::string_view> options);

/// The controller's name in the kernel's answer to a connect, `instance=0,cntlid=1`.
base::Result<std::string> controller_of_answer(std::string_view answer);

/// Lets the kernel connect to one portal, and closes the kernel's copies of the secrets to others.
/// Waits for its turn first, as long as for the connect itself: the kernel connects to one target
/// at a time.
/// @param log  opened before; afterwards it holds what the kernel said of this connect, and nothing
///     of those before
Outcome<Controller> connect(const BootPlan& plan, const Portal& portal, const base::SysPaths& sys,
                            const base::Clock& clock, KernelLog& log);

/// Takes a controller away again. Returns when the kernel has done so, or after a few seconds
/// without it: it deletes in its own time, and the caller has a better error to tell. A controller
/// that never came up cannot be taken away: the kernel answers EBUSY until it has started once
/// (nvme_sysfs_delete), so what a target leaves that hangs up in the middle of a connect goes when
/// the kernel's admin timeout (admin_timeout.h) has passed.
void disconnect(const std::string& controller, const base::SysPaths& sys, const base::Clock& clock);
/// Without waiting: the kernel takes the controller off when the connect that it is at has ended.
base::Result<SideTask> start_disconnect(const std::string& controller, const base::SysPaths& sys);

/// Controllers of this subsystem that exist: left by an abandoned connect or an earlier run.
std::vector<std::string> controllers_of(const base::SysPaths& sys, std::string_view subsysnqn);

}  // namespace boot
