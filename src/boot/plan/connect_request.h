// SPDX-License-Identifier: GPL-2.0-or-later
//
// A connect to one subsystem, whatever its portal: the root, its audit view, a discovery service.
#pragma once

#include <string>

#include "base/clock.h"
#include "boot/plan/plan.h"

namespace boot {

struct ConnectRequest {
    const AuthPlan& auth;  ///< outlives the request
    HostIdentity host;
    std::string subsysnqn;
    ConnectOptions options;
    base::milliseconds timeout{};        ///< of one connect of the kernel
    base::milliseconds probe_timeout{};  ///< of one probe from user space

    [[nodiscard]] bool to_discovery() const { return subsysnqn == nvme::kDiscoveryNqn; }
    /// I/O queues to ask for; a discovery controller has none.
    [[nodiscard]] uint32_t io_queues() const { return to_discovery() ? 0 : options.io_queues(); }
};

/// A connect with the options of the plan, which outlives it.
inline ConnectRequest request_of(const BootPlan& plan, const HostIdentity& host,
                                 std::string subsysnqn) {
    return {plan.auth,          host, std::move(subsysnqn), plan.connect, plan.timeouts.connect,
            plan.timeouts.probe};
}

}  // namespace boot
