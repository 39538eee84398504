// SPDX-License-Identifier: GPL-2.0-or-later
//
// One measurement: a number of commands kept outstanding on each of a host's queues for a while.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <vector>

#include "load/association.h"
#include "load/histogram.h"
#include "load/workload.h"

namespace load {

struct Measured {
    uint64_t commands = 0;
    uint64_t bytes = 0;
    std::chrono::nanoseconds time{0};
    Histogram latency;
    std::optional<std::chrono::nanoseconds> target_cpu;  ///< where its process is known

    [[nodiscard]] double per_second() const;
};

struct RunOptions {
    AssociationOptions association;
    WorkloadOptions workload;
    base::milliseconds time{1000};
    std::optional<pid_t> target;  ///< the target's process, if it is here
    target::Reactor::Engine engine = target::Reactor::Engine::kAny;
};

/// Errors: the target could not be reached or did not keep to the protocol, a command failed, a
/// read gave other data than was written.
base::Result<Measured> run(const RunOptions& options);

/// A reactor that stays awake while answers come soon: its sleep, and the waking from it, would be
/// told as the target's latency. Errors: as Reactor::open().
base::Result<std::unique_ptr<target::Reactor>> open_wakeful_reactor(
    target::Reactor::Engine engine = target::Reactor::Engine::kAny);

/// Drives `reactor` until everything that was closed is idle.
void settle(target::Reactor& reactor, const std::function<bool()>& idle);

}  // namespace load
