// SPDX-License-Identifier: GPL-2.0-or-later
//
// Was it really authenticated? Neither the connect's result nor any file of sysfs tells: the kernel
// takes a target that asks for no authentication, and one that never proves itself, for as good as
// any other. So only what the kernel wrote about this controller in its log is believed:
//
//     qid 0: authenticated with hash hmac(sha256) dhgroup ffdhe2048    before the target's proof
//     qid 0: controller authenticated                                  the target's proof was right
//
// Those lines speak of the admin queue alone, and data travels on the others. Writing the secret to
// sysfs again makes the kernel authenticate every queue again, on Linux 6.12 whether or not the
// target asks:
//
//     write secret ─► lines of qid 0 as above ─► qid 1…n at once, each named as it begins
//                     └ the work has begun      └ a write of nonsense waits for the work's end
//
// A newer kernel (seen in 7.3) leaves out each I/O queue for which the target did not ask, and such
// targets are honest: the kernel's own of 7.3 asks on the admin queue alone. Each queue is named as
// it begins (reauthentication.h), and the boot says which one was not.
//
// The second write is how the end is known: the kernel stops the running negotiation work before it
// looks at the text, by waiting for it, and then refuses the text (EINVAL) and starts nothing.
// Read in drivers/nvme/host/sysfs.c and auth.c of Linux 6.12.
//
// The proof begins when the kernel's scan of the new controller has settled (kernel_disk.h). While
// the scan adds the first disk, the kernel freezes the I/O queues for a moment, and it sends their
// authentication without waiting: `qid 1 auth_send failed with error -11`. Such a number below zero
// is the host's own; nothing that the target said. The proof is then made again.
//
// What stays unseen: the kernel does not say whether an I/O queue's target sent its own proof, only
// that it accepted the host's and sent no wrong one.
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

/// What a controller's lines say.
struct AuthEvidence {
    bool host_accepted = false;         ///< `qid 0: authenticated with hash …`
    bool controller_proven = false;     ///< `qid 0: controller authenticated`
    std::string hash;                   ///< sha256
    std::string dhgroup;                ///< ffdhe2048
    std::vector<std::string> failures;  ///< lines of any queue that report a failure
    /// Of those, such as tell of this host's own kernel alone are here instead.
    std::vector<std::string> own_failures;
    std::set<uint32_t> queues;        ///< those that the kernel names
    std::optional<uint32_t> unnamed;  ///< the first I/O queue that the proof did not see
    std::string wrong_digest;         ///< the line that tells of one; empty: none does
};

/// @param lines  without `nvme nvmeN: `
AuthEvidence read_evidence(std::span<const std::string_view> lines);

/// Holds the evidence against the plan. kAuthentication, final: the host's or the target's proof is
/// missing, a queue failed, hash or group is none of those allowed. kConnect, passing: a queue
/// failed, and so did the connection or its digests, or this host's kernel did.
Outcome<base::Nothing> judge(const AuthEvidence& evidence, const AuthPlan& plan);

/// A sentence on queues that carry data and may not be authenticated; empty: there are none.
std::string what_is_unproven(const AuthEvidence& evidence);

/// For the log: `both ways with sha256 and ffdhe2048`.
std::string describe(const AuthEvidence& evidence);

/// Judges what the connect left in `log`. With Auth::kOff it does nothing. Errors: judge()'s;
/// kAuthentication, doubtful: lines are lost.
Outcome<base::Nothing> judge_connect(const AuthPlan& plan, const Controller& controller,
                                     const KernelLog& log);

/// Has every queue authenticated again and judges that, after judge_connect() and when the kernel
/// has ended its scan. With Auth::kOff it does nothing. kAuthentication: as judge(), or the kernel
/// has no secret for the controller (final); a lost line or silence (doubtful).
/// kConnect, passing: this host's kernel could not do it in time, or the controller went away.
Outcome<AuthEvidence> prove_authentication(const AuthPlan& plan, const Controller& controller,
                                           const Reauthentication& kernel, base::Clock& clock,
                                           KernelLog& log);

}  // namespace boot
