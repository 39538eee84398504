// SPDX-License-Identifier: GPL-2.0-or-later
//
// udev gives network interfaces their lasting names, at a time of its own choosing. Whoever uses an
// interface before that asks for a name that is not there yet, or sees it renamed under a
// connection (kernels before 6.2 refuse to rename one that is up).
#pragma once

#include "base/clock.h"
#include "base/sys_paths.h"

namespace boot {

/// Waits until udev has dealt with every interface that exists now, or until `deadline`. Returns at
/// once where no udev runs.
void await_interface_names(const base::SysPaths& sys, base::Clock& clock,
                           const base::Deadline& deadline);

}  // namespace boot
