// SPDX-License-Identifier: GPL-2.0-or-later
//
// The audit of the root before it is connected: the target shows a protected image a second time,
// read-only, as the subsystem NQN:audit, each block with its tuple behind it. The client connects
// there, recomputes the checksums (block_audit.h), and disconnects. What the root then says of
// itself must name this view, or the evidence would be of another disk.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "boot/check/audited_view.h"
#include "boot/stages/boot.h"

namespace boot {

/// Nothing where the plan wants no audit.
/// kFormat, final: `audit-…` of block_audit.h, `audit-none` when there is no such view, `pi-…` when
/// its format is not what policy wants; otherwise as connecting fails.
Outcome<std::optional<AuditedView>> audit_stage(Machine& machine,
                                                const std::vector<Portal>& portals);

}  // namespace boot
