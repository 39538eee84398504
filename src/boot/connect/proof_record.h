// SPDX-License-Identifier: GPL-2.0-or-later
//
// The time of the proof of a path, for its later judgement (path_history.h):
//
//     /run/nvmeroot/proofs/nvme0     SEQUENCE of the last line of the kernel's log at the proof of
//                                    every queue, INODE of the controller's directory: names are
//                                    used again
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/sys_paths.h"
#include "boot/kernel/kmsg.h"

namespace boot {

/// Notes that the controller was as the policy demands when the last line of `log` was read.
/// Errors: the file cannot be written.
base::Status note_proof(const std::string& controller, const KernelLog& log,
                        const base::SysPaths& sys);
/// The sequence of that line; none: it was never noted, or of another controller of that name.
std::optional<uint64_t> proven_at(const std::string& controller, const base::SysPaths& sys);

}  // namespace boot
