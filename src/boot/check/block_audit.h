// SPDX-License-Identifier: GPL-2.0-or-later
//
// Reads blocks and their tuples as they are stored (PRCHK=0), and recomputes the tuples on this
// machine. The result is evidence, unlike a verdict of the target.
//
//     read ─► every guard and reference tag ─► right: the next blocks
//                 └► wrong: read again ─► right: a transient fault, counted
//                                     └► wrong: the target verifies the block (Verify)
//                                           ├► corrupt there: its medium is at fault
//                                           └► correct there: something after that check is
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
    uint64_t blocks = 0;     ///< blocks that match
    uint64_t transient = 0;  ///< of those, blocks that did not match when they were first read
};

/// @param blocks  of the namespace
/// REQUIRES: format.type != 0, policy.extent is not kNone
/// kFormat, final, beginning with a stable id: `audit-guard`, `audit-ref`, `audit-escape`, each
/// with the block and the layer at fault; `audit-read`, `audit-format`. kConnect, passing: the
/// connection was lost meanwhile.
Outcome<AuditReport> audit_blocks(IoDevice& device, const nvme::PiFormat& format, uint64_t blocks,
                                  const AuditPolicy& policy);

/// `178 blocks match their checksums`
std::string describe(const AuditReport& report);

}  // namespace boot
