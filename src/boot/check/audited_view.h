// SPDX-License-Identifier: GPL-2.0-or-later
//
// The view of the root that was audited, and whether the root names it: else the evidence would be
// of another disk.
#pragma once

#include <cstdint>
#include <string>

#include "boot/check/namespace_finder.h"
#include "boot/failure.h"
#include "boot/plan/plan.h"
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

/// kFormat, final, `audit-name`: the root does not say that `view` shows its blocks.
Outcome<base::Nothing> compare_with_root(const AuditedView& view, const RootNamespace& root,
                                         const AuditPolicy& policy);

}  // namespace boot
