// SPDX-License-Identifier: GPL-2.0-or-later
//
// Patience with what a server that was just killed still holds.
#pragma once

#include <cerrno>

#include "base/clock.h"

namespace target {

/// Calls `attempt` until it succeeds or fails for another reason than that a file is locked or a
/// port taken (EAGAIN, EADDRINUSE), for five seconds: a killed server lets go of its files and
/// ports a moment after it has gone, because its io_uring outlives it.
/// @param attempt  gives a base::Result
/// @return what the last attempt gave
template <class Attempt>
auto while_held(base::Clock& clock, Attempt attempt) {
    constexpr base::seconds kPatience{5};
    constexpr base::milliseconds kPause{20};
    const base::Deadline deadline(clock, kPatience);
    auto result = attempt();
    const auto held = [](int code) { return code == EAGAIN || code == EADDRINUSE; };
    while (!result && held(result.error().code) && !deadline.passed()) {
        clock.sleep(kPause);
        result = attempt();
    }
    return result;
}

}  // namespace target
