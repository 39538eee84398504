// SPDX-License-Identifier: GPL-2.0-or-later
//
// The audit of the root before it is connected. The target exposes a protected image a second time,
// read-only, as the subsystem NQN:audit, with each block followed by its tuple. The client connects
// to that view, recomputes the checksums (block_audit.h), and disconnects. The root must then name
// this view as its own; otherwise the evidence could belong to another disk.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "boot/check/audited_view.h"
#include "boot/stages/boot.h"

namespace boot {

/// Nothing if the plan has no audit.
/// kFormat, final: `audit-…` of block_audit.h, `audit-none` if there is no such view, `pi-…` if
/// policy refuses its format; otherwise the failures of connecting.
Outcome<std::optional<AuditedView>> audit_stage(Machine& machine, const Destination& root,
                                                const std::vector<Portal>& portals);

}  // namespace boot
