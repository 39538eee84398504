// SPDX-License-Identifier: GPL-2.0-or-later
//
// The kernel's side of a controller's proof (auth_proof.h): the file whose write makes it
// authenticate again, how many queues it has, and the words with which it names each one:
//
//     nvme_queue_auth_work: qid 1 send negotiate
//
// The kernel prints those only if its dynamic debug says so for that function, which prints no
// secret, and with nothing in front of the controller's name. Without them nothing tells a queue
// that was authenticated from one that was left out: Linux 6.12 authenticates every I/O queue
// again, Linux 7.3 only such as the target asked at their Connect.
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

/// What the proof needs of the kernel, so that tests answer for it.
struct Reauthentication {
    /// Makes the kernel name the queues from now on. Errors: it cannot.
    std::function<base::Status()> name_queues;
    /// Writes to the file whose write starts the negotiation; it waits for work that a silent
    /// target prolongs. @return the errno with which the kernel refuses the text, or 0.
    /// kAuthentication, doubtful: the deadline came first.
    std::function<Outcome<int>(std::string_view text, const base::Deadline& deadline)> write;
    /// I/O queues 1 to N. kConnect, passing: the controller went away.
    std::function<Outcome<uint32_t>()> io_queues;
};

/// The kernel's own, for this controller.
Reauthentication reauthentication(const AuthPlan& plan, const Controller& controller,
                                  const base::SysPaths& sys);

/// No proof, and no refusal either.
Failure fell_silent();

/// The queue that one of those lines names, without `nvme nvmeN: `.
std::optional<uint32_t> named_queue(std::string_view line);

}  // namespace boot
