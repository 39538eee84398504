// SPDX-License-Identifier: GPL-2.0-or-later
//
// Opens of device nodes that the kernel is still making, or whose controller it is just bringing
// back. The node comes before what is behind it: until then an open finds no node (ENOENT), no
// device (ENXIO, ENODEV) or one that is not ready (EAGAIN, EBUSY). That is "not yet".
#pragma once

#include <string>

#include "base/clock.h"
#include "base/fd.h"
#include "base/result.h"

namespace boot {

/// The errno of an open, or of a request to the kernel, that another try may mend.
bool is_not_yet(int code);

/// open(2), tried again until `deadline` while the answer is "not yet". An open of a disk can sleep
/// as long as its target does not answer. Errors: the last one; any other at once.
base::Result<base::UniqueFd> open_device(const std::string& path, int flags, base::Clock& clock,
                                         const base::Deadline& deadline);

}  // namespace boot
