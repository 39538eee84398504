// SPDX-License-Identifier: GPL-2.0-or-later
//
// Work that makes the kernel read a disk. Such work sleeps uninterruptibly while the target does
// not answer, so it runs in a side task. A target may answer slowly: while it answers, the work
// continues until the deadline of the boot.
#pragma once

#include <string>

#include "base/clock.h"
#include "boot/failure.h"
#include "boot/side_task.h"

namespace boot {

/// How long to wait for the kernel and the target.
struct Patience {
    base::milliseconds step;  ///< for any progress
    base::Deadline end;       ///< for all of the work

    [[nodiscard]] base::Deadline next() const { return end.within(step); }
};

/// Runs `work` in a side task until it ends, until no read of the disk was answered for
/// `patience.step`, or until `patience.end`. @param path  the directory in sysfs of the path that
/// the reads take
/// @return what the work returned. Errors: the work's own; ETIMEDOUT with a sentence that states
/// whether the target answered any read.
base::Result<std::string> run_reads(const std::string& disk, const std::string& path,
                                    const SideTask::Work& work, const base::Clock& clock,
                                    const Patience& patience);

/// The error of run_reads() as the failure of a stage: kConnect, passing, for ETIMEDOUT, and for
/// any error if the controller is not live, because the error is then not about the disk.
Failure reads_failed(ExitCode code, base::Error error, bool is_live);

}  // namespace boot
