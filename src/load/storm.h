// SPDX-License-Identifier: GPL-2.0-or-later
//
// A boot storm: many hosts connect at the same moment, authenticate on both of their queues, and
// read the beginning of one disk, as machines do when the power comes back.
#pragma once

#include "load/run.h"

namespace load {

struct StormOptions {
    AssociationOptions association;  ///< of each host; `%` in its NQN stands for the host's number
    size_t hosts = 64;
    uint64_t read_bytes = uint64_t{100} << 20U;  ///< by each host
    uint32_t command_bytes = 128U << 10U;
    std::optional<pid_t> target;
    target::Reactor::Engine engine = target::Reactor::Engine::kAny;
};

struct StormResult {
    size_t failed = 0;
    std::string first_failure;
    Histogram connected;  ///< from the start of the storm to the first I/O command, by host
    Histogram finished;   ///< … to the last byte read
    uint64_t bytes = 0;
    std::chrono::nanoseconds time{0};
    std::optional<std::chrono::nanoseconds> target_cpu;
    std::optional<double> target_bytes_per_host;  ///< memory while all are connected and idle
};

/// Errors: none of the hosts could even begin. A host that fails is counted.
base::Result<StormResult> storm(const StormOptions& options);

/// The NQN of host `number`, 1 and up.
std::string host_nqn(const std::string& pattern, size_t number);

}  // namespace load
