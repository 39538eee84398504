// SPDX-License-Identifier: GPL-2.0-or-later
//
// Why a stage of the boot failed: the exit code of that stage, whether a retry may succeed, and the
// sentence for the console. Stages return Outcome<T>; TRY works between them.
#pragma once

#include <utility>

#include "base/result.h"
#include "boot/exit_code.h"

namespace boot {

struct Failure {
    ExitCode code = ExitCode::kInternal;
    bool retry = false;
    base::Error error;
    bool doubtful = false;  ///< retried, but a second failure of this kind is final

    /// The failure of a stage, retried as the table of exit codes specifies.
    static Failure of(ExitCode code, base::Error error) {
        return {code, row_of(code).retried, std::move(error)};
    }
    /// As of(), but a retry cannot succeed (or may), regardless of the table.
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

/// A result of a lower level: its error becomes a failure of this stage.
template <class T>
Outcome<T> staged(ExitCode code, base::Result<T> result) {
    if (!result) {
        return Failure::of(code, std::move(result).error());
    }
    return std::move(result).value();
}

}  // namespace boot
