// SPDX-License-Identifier: GPL-2.0-or-later
//
// The audit of the root before it is connected: the target shows a protected image a second time,
// read-only, as the subsystem NQN:audit, each block with its tuple behind it. The client connects
// there, computes the check sums anew (block_audit.h), and disconnects. What the root then says of
// itself must name this view, or the evidence would be of another disk.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "boot/boot.h"
#include "nvme/pi_format.h"

namespace boot {

/// What was audited.
struct AuditedView {
    std::string nqn;
    uint32_t nsid = 0;
    uint64_t blocks = 0;  ///< of the namespace
    nvme::PiFormat format;
    std::string sentence;  ///< for people
};

/// Nothing where the plan wants no audit.
/// kFormat, final: `audit-…` of block_audit.h, `audit-none` when there is no such view, `pi-…` when
/// its format is not what policy wants; otherwise as connecting fails.
Outcome<std::optional<AuditedView>> audit_stage(Machine& machine,
                                                const std::vector<Portal>& portals);

/// kFormat, final, `audit-name`: the root does not say that `view` shows its blocks.
Outcome<base::Nothing> compare_with_root(const AuditedView& view, const RootNamespace& root,
                                         const AuditPolicy& policy);

}  // namespace boot
