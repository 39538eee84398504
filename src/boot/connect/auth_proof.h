// SPDX-License-Identifier: GPL-2.0-or-later
//
// Verifies that a connection was really authenticated. Neither the result of the connect nor a file
// in sysfs shows it: the kernel also accepts a target that requests no authentication or that never
// authenticates itself. Only the messages of the kernel about this controller are evidence:
//
//     qid 0: authenticated with hash hmac(sha256) dhgroup ffdhe2048    before target's response
//     qid 0: controller authenticated                                  target's response is valid
//
// These messages concern only the admin queue, and data travels on the other queues. Writing the
// secret to sysfs again makes the kernel authenticate every queue again, on Linux 6.12 whether or
// not the target requests it:
//
//     write secret ─► lines of qid 0 as above ─► qid 1…n at once, each named as it begins
//                     └ the work has begun      └ a write of nonsense waits for the work's end
//
// A newer kernel (seen in 7.3) skips each I/O queue for which the target did not request
// authentication. Such targets are honest: the kernel's own target of 7.3 requests it only on the
// admin queue. The kernel logs each queue as it begins (reauthentication.h), and the boot reports
// the queues that it did not log.
//
// The second write detects the end: the kernel first stops the running negotiation work, by waiting
// for it, and then rejects the text (EINVAL) and starts nothing. Read in drivers/nvme/host/sysfs.c
// and auth.c of Linux 6.12.
//
// The proof begins when the kernel has finished its scan of the new controller (kernel_disk.h).
// While the scan adds the first disk, the kernel freezes the I/O queues for a moment, and sends
// their authentication without waiting: `qid 1 auth_send failed with error -11`. Such a negative
// number is an error of this host, not of the target. The proof is then repeated.
//
// One thing remains unknown: the kernel does not log whether the target of an I/O queue sent its
// own response, only that it accepted the response of the host and sent no wrong one.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "boot/connect/connect.h"
#include "boot/connect/reauthentication.h"
#include "boot/failure.h"
#include "boot/kernel/kmsg.h"
#include "boot/plan/plan.h"

namespace boot {

/// The evidence in a controller's messages.
struct AuthEvidence {
    bool host_accepted = false;         ///< `qid 0: authenticated with hash …`
    bool controller_proven = false;     ///< `qid 0: controller authenticated`
    std::string hash;                   ///< sha256
    std::string dhgroup;                ///< ffdhe2048
    std::vector<std::string> failures;  ///< lines of any queue that report a failure
    /// Failures of this host's own kernel, which are not in `failures`.
    std::vector<std::string> own_failures;
    std::set<uint32_t> queues;        ///< queues that the kernel names
    std::optional<uint32_t> unnamed;  ///< the first I/O queue that the kernel did not name
    std::string wrong_digest;         ///< the message about one; empty: none
};

/// @param lines  without `nvme nvmeN: `
AuthEvidence read_evidence(std::span<const std::string_view> lines);

/// Compares the evidence with the plan. kAuthentication, final: the response of the host or of the
/// target is missing, a queue failed, or the hash or group is not allowed. kConnect, passing: a
/// queue failed because of the connection, its digests or the kernel of this host.
Outcome<base::Nothing> judge(const AuthEvidence& evidence, const AuthPlan& plan);

/// A sentence about queues that carry data and may be unauthenticated; empty: there are none.
std::string what_is_unproven(const AuthEvidence& evidence);

/// For the log: `both ways with sha256 and ffdhe2048`.
std::string describe(const AuthEvidence& evidence);

/// Judges what the connect left in `log`. With Auth::kOff it does nothing. Errors: judge()'s;
/// kAuthentication, doubtful: lines are lost.
Outcome<base::Nothing> judge_connect(const AuthPlan& plan, const Controller& controller,
                                     const KernelLog& log);

/// Makes the kernel authenticate every queue again and judges the result, after judge_connect() and
/// after the kernel has finished its scan. With Auth::kOff it does nothing. kAuthentication: as
/// judge(), or the kernel has no secret for the controller (final); a lost line or silence
/// (doubtful). kConnect, passing: this host's kernel could not do it in time, or the controller
/// went away.
Outcome<AuthEvidence> prove_authentication(const AuthPlan& plan, const Controller& controller,
                                           const Reauthentication& kernel, base::Clock& clock,
                                           KernelLog& log);

}  // namespace boot
