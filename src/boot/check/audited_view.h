// SPDX-License-Identifier: GPL-2.0-or-later
//
// The view of the root that was audited, and whether the root names it. Without this check, the
// evidence could belong to another disk.
#pragma once

#include <cstdint>
#include <string>

#include "boot/check/namespace_finder.h"
#include "boot/failure.h"
#include "boot/plan/plan.h"
#include "nvme/pi_format.h"

namespace boot {

/// The audited view.
struct AuditedView {
    std::string nqn;
    uint32_t nsid = 0;
    uint64_t blocks = 0;  ///< of the namespace
    nvme::PiFormat format;
    std::string sentence;  ///< for people
};

/// kFormat, final, `audit-name`: the root does not name `view` as its audit view.
Outcome<base::Nothing> compare_with_root(const AuditedView& view, const RootNamespace& root,
                                         const AuditPolicy& policy);

}  // namespace boot
