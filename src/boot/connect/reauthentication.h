// SPDX-License-Identifier: GPL-2.0-or-later
//
// The kernel's side of the proof that a controller is authenticated (auth_proof.h): the file whose
// write starts a new authentication, the number of queues, and the message that names each queue:
//
//     nvme_queue_auth_work: qid 1 send negotiate
//
// The kernel prints these messages only if dynamic debug enables that function, which prints no
// secret, and with nothing before the controller's name. Without them, a queue that was
// authenticated cannot be told from a queue that was skipped: Linux 6.12 authenticates every I/O
// queue again, Linux 7.3 only the queues for which the target requested it at Connect.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

#include "base/clock.h"
#include "base/sys_paths.h"
#include "boot/connect/connect.h"
#include "boot/failure.h"
#include "boot/plan/plan.h"

namespace boot {

/// The kernel as the proof uses it; tests replace it.
struct Reauthentication {
    /// Makes the kernel log the queues from now on. Errors: it cannot.
    std::function<base::Status()> name_queues;
    /// Writes to the file whose write starts the negotiation; it waits for work that a silent
    /// target delays. @return the errno with which the kernel refuses the text, or 0.
    /// kAuthentication, doubtful: the deadline came first.
    std::function<Outcome<int>(std::string_view text, const base::Deadline& deadline)> write;
    /// Whether the controller is connected: when it is not, the kernel ends the negotiation without
    /// a word.
    std::function<bool()> is_live;
    /// I/O queues 1 to N. kConnect, passing: the controller went away.
    std::function<Outcome<uint32_t>()> io_queues;
};

/// The kernel itself, for this controller.
Reauthentication reauthentication(const AuthPlan& plan, const Controller& controller,
                                  const base::SysPaths& sys);

/// Neither a proof nor a refusal.
Failure fell_silent();

/// The queue that such a line names, without `nvme nvmeN: `.
std::optional<uint32_t> named_queue(std::string_view line);

}  // namespace boot
