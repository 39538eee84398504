// SPDX-License-Identifier: GPL-2.0-or-later
//
// Why a stage of the boot failed: the exit code of that stage, whether another try could go better,
// and the sentence for the console. Stages return Outcome<T>; TRY works between them.
#pragma once

#include <utility>

#include "base/result.h"
#include "boot/exit_code.h"

namespace boot {

struct Failure {
    ExitCode code = ExitCode::kInternal;
    bool retry = false;
    base::Error error;
    bool doubtful = false;  ///< tried again, but the second of this kind is final

    /// The failure of a stage, tried again or not as the table of exit codes says.
    static Failure of(ExitCode code, base::Error error) {
        return {code, row_of(code).retried, std::move(error)};
    }
    /// As of(), but another try could not go better (or could), against the table.
    static Failure final(ExitCode code, base::Error error) {
        return {code, false, std::move(error)};
    }
    static Failure passing(ExitCode code, base::Error error) {
        return {code, true, std::move(error)};
    }
    static Failure doubt(ExitCode code, base::Error error) {
        return {code, true, std::move(error), true};
    }
};

template <class T>
using Outcome = base::Result<T, Failure>;

/// An OS level result seen by a stage: its error becomes a failure of that stage.
template <class T>
Outcome<T> staged(ExitCode code, base::Result<T> result) {
    if (!result) {
        return Failure::of(code, std::move(result).error());
    }
    return std::move(result).value();
}

}  // namespace boot
