// SPDX-License-Identifier: GPL-2.0-or-later
//
// The history of a path since its proof. A request for another proof is not harmless: Linux 6.12
// never gives up a controller whose target is lost in the middle of a requested authentication. The
// client therefore requests no proof if the kernel's log has all that must be known:
//
//     the log after the line of the proof (proof_record.h), complete
//       ├ no line of the controller, or reconnects as the policy demands (downgrade.h)   kProven
//       ├ the same, and it is lost now                                                   kLost
//       └ anything else                                                                  kDoubtful
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/sys_paths.h"
#include "boot/after/downgrade.h"
#include "boot/kernel/kmsg.h"
#include "boot/plan/plan.h"

namespace boot {

/// The log, behind the oldest proof of these controllers; where none has one, behind all lines.
base::Result<KernelLog> open_history(const std::vector<std::string>& controllers,
                                     const base::SysPaths& sys);

enum class Standing { kProven, kLost, kDoubtful };

/// @param lines  of any NVMe driver, none of them missing between the proof and now
Standing standing_since(uint64_t proof, const std::string& controller,
                        std::span<const KernelLine> lines, const AuthPlan& policy);
/// By what open_history() and drain() have read. With Auth::kOff every path is proven.
Standing standing_of(const std::string& controller, const KernelLog& log, const AuthPlan& policy,
                     const base::SysPaths& sys);

}  // namespace boot
