// SPDX-License-Identifier: GPL-2.0-or-later
//
// The kernel's connect, written by libnvme (connect_libnvme.h). The write to /dev/nvme-fabrics
// sleeps uninterruptibly while a target does not answer (10 s to over 7 min) and blocks every other
// connect of the machine. It therefore runs in a side task that the boot can abandon. An option
// that the kernel does not list is refused beforehand, because libnvme silently drops it, even a
// secret. Discovery controllers are connected without libnvme, because libnvme 1 gives them no
// secrets.
//
// A controller that came up is not trusted yet: auth_proof.h.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/sys_paths.h"
#include "boot/failure.h"
#include "boot/kernel/kmsg.h"
#include "boot/plan/connect_request.h"
#include "boot/side_task.h"

namespace boot {

struct Controller {
    std::string name;  ///< nvme0
    Portal portal;
    uint32_t io_queues = 0;  ///< requested; the target may grant fewer
};

/// The options that the kernel's connect knows, by name.
/// @param list  the content of /dev/nvme-fabrics: `instance=-1,…,dhchap_secret=%s,…`
std::vector<std::string_view> fabrics_options(std::string_view list);

/// Refuses a request that needs an option which the kernel does not list: kAuthentication for the
/// secrets, kConnect (final) for others.
Outcome<base::Nothing> check_options(const ConnectRequest& request, const Portal& portal,
                                     std::span<const std::string_view> options);

/// The controller's name in the kernel's answer to a connect, `instance=0,cntlid=1`.
base::Result<std::string> controller_of_answer(std::string_view answer);

/// Makes the kernel connect to one portal, and makes the kernel's copies of the secrets unreadable
/// for other users. First waits for its turn, as long as for the connect itself, because the kernel
/// connects to one target at a time.
/// @param log  opened before; afterwards it has the kernel's messages about this connect only
Outcome<Controller> connect(const ConnectRequest& request, const Portal& portal,
                            const base::SysPaths& sys, const base::Clock& clock, KernelLog& log);

/// Deletes a controller. Returns when the kernel has deleted it, or after a few seconds: the kernel
/// continues by itself, and the caller has a better error to report. A controller that never came
/// up cannot be deleted: the kernel returns EBUSY until the controller has started once
/// (nvme_sysfs_delete). If a target hangs up during a connect, its controller disappears when the
/// kernel's admin timeout (admin_timeout.h) has expired.
void disconnect(const std::string& controller, const base::SysPaths& sys, const base::Clock& clock);
/// Without waiting: the kernel deletes the controller when the connect in progress has ended.
base::Result<SideTask> start_disconnect(const std::string& controller, const base::SysPaths& sys);

/// Controllers of this subsystem that exist: left by an abandoned connect or an earlier run.
std::vector<std::string> controllers_of(const base::SysPaths& sys, std::string_view subsysnqn);

}  // namespace boot
