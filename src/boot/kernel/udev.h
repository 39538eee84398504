// SPDX-License-Identifier: GPL-2.0-or-later
//
// udev renames network interfaces at an unpredictable time. A program that uses an interface before
// that may use a name that does not exist yet, or see the interface renamed while a connection uses
// it (kernels before 6.2 refuse to rename an interface that is up).
#pragma once

#include "base/clock.h"
#include "base/sys_paths.h"

namespace boot {

/// Waits until udev has processed every interface that exists now, or until `deadline`. Returns at
/// once if udev does not run.
void await_interface_names(const base::SysPaths& sys, base::Clock& clock,
                           const base::Deadline& deadline);

}  // namespace boot
