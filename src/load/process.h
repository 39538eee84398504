// SPDX-License-Identifier: GPL-2.0-or-later
//
// The cost of a target on this machine: the processor time and the memory of its process, as /proc
// tells them.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <string>

#include "base/result.h"

namespace load {

struct Usage {
    std::chrono::nanoseconds cpu{0};  ///< of the threads there are now
    uint64_t resident_bytes = 0;
};

/// @param proc  where /proc is. Errors: no such process.
base::Result<Usage> usage_of(pid_t pid, const std::string& proc = "/proc");

}  // namespace load
