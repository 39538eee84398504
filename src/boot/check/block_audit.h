// SPDX-License-Identifier: GPL-2.0-or-later
//
// Blocks and their tuples, read as they are (PRCHK=0) and recomputed here: evidence where a
// verdict of the target would be a claim.
//
//   read ─► every guard and reference tag ─► right: the next ones
//                      └► wrong: once more ─► right: a transient fault, counted
//                                          └► wrong: does the target find the block damaged too
//                                             (Verify)? Then it is its medium, else what lies
//                                             between its check and us.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "boot/failure.h"
#include "boot/kernel/io_device.h"
#include "boot/plan/plan.h"
#include "nvme/pi.h"

namespace boot {

struct AuditReport {
    uint64_t blocks = 0;     ///< that match
    uint64_t transient = 0;  ///< of those, such as did not when they were first read
};

/// @param blocks  of the namespace
/// REQUIRES: format.type != 0, policy.extent is not kNone
/// kFormat, final, with a stable id in front: `audit-guard`, `audit-ref`, `audit-escape`, each with
/// the block and the layer at fault; `audit-read`, `audit-format`. kConnect, passing: the
/// connection was lost meanwhile.
Outcome<AuditReport> audit_blocks(IoDevice& device, const nvme::PiFormat& format, uint64_t blocks,
                                  const AuditPolicy& policy);

/// `178 blocks with their check sums`
std::string describe(const AuditReport& report);

}  // namespace boot
