// SPDX-License-Identifier: GPL-2.0-or-later
//
// Work that makes the kernel read a disk: it sleeps where no signal reaches for as long as the
// target does not answer, so it is done aside. A target may answer slowly; as long as it does
// answer, that is no reason to give it up before the boot's own deadline.
#pragma once

#include <string>

#include "base/clock.h"
#include "boot/failure.h"
#include "boot/side_task.h"

namespace boot {

/// How long to wait for what the kernel and the target have not done yet.
struct Patience {
    base::milliseconds step;  ///< for something to happen
    base::Deadline end;       ///< for all of it

    [[nodiscard]] base::Deadline next() const { return end.within(step); }
};

/// Runs `work` aside until it ends, no read of the disk was answered for `patience.step`, or
/// `patience.end`. @param path  the directory in sysfs of the path that the reads take
/// @return what the work returned. Errors: the work's own; ETIMEDOUT with a sentence that says
/// whether the target answered any read.
base::Result<std::string> run_reads(const std::string& disk, const std::string& path,
                                    const SideTask::Work& work, const base::Clock& clock,
                                    const Patience& patience);

/// The error of run_reads() as the failure of a stage: kConnect, passing, for ETIMEDOUT, and for
/// any error where the controller is not live, which says nothing of the disk.
Failure reads_failed(ExitCode code, base::Error error, bool is_live);

}  // namespace boot
