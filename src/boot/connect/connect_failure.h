// SPDX-License-Identifier: GPL-2.0-or-later
//
// The meaning of a failed connect. The kernel returns little to the caller (libnvme less), and logs
// more. Three tables explain it, the most specific first: lines of the log, the status of the
// target's answer, the errno of the kernel. Each row is a cause and, after a semicolon, a remedy.
#pragma once

#include <optional>
#include <vector>

#include "boot/failure.h"
#include "boot/kernel/kmsg.h"
#include "boot/plan/connect_request.h"

namespace boot {

/// The number in the last line of these that has one, such as `failed to connect queue: 0 ret=-129`
/// or `Connect command failed, error wo/DNR bit: 385`: below zero an errno, above it an NVMe
/// status.
std::optional<int> kernel_result(const std::vector<KernelLine>& lines);

/// The meaning of a failed connect, from the lines that the kernel logged meanwhile.
/// @param error  the side task's; ETIMEDOUT means that the kernel is still connecting
Failure explain_connect_failure(const ConnectRequest& request, const Portal& portal,
                                const KernelLog& log, const base::Error& error);

}  // namespace boot
