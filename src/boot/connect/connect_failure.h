// SPDX-License-Identifier: GPL-2.0-or-later
//
// What a failed connect means: the kernel tells the caller little (libnvme less), and its log more.
// Three tables, the most telling first: lines of the log, the status with which the target
// answered, the errno with which the kernel gave up. Each row is a cause and, behind a semicolon,
// what to do.
#pragma once

#include <optional>
#include <vector>

#include "boot/failure.h"
#include "boot/kernel/kmsg.h"
#include "boot/plan/plan.h"

namespace boot {

/// The number in the last line of these that has one, such as `failed to connect queue: 0 ret=-129`
/// or `Connect command failed, error wo/DNR bit: 385`: below zero an errno, above it an NVMe
/// status.
std::optional<int> kernel_result(const std::vector<KernelLine>& lines);

/// What a failed connect means, by the lines that the kernel wrote meanwhile.
/// @param error  the side task's; ETIMEDOUT means the kernel is still at it
Failure explain_connect_failure(const BootPlan& plan, const Portal& portal, const KernelLog& log,
                                const base::Error& error);

}  // namespace boot
