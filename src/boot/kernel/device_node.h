// SPDX-License-Identifier: GPL-2.0-or-later
//
// Opens device nodes that the kernel is still creating, or whose controller it is reconnecting. The
// node appears before the device is ready: until then, an open finds no node (ENOENT), no device
// (ENXIO, ENODEV) or a device that is not ready (EAGAIN, EBUSY). These errors mean "not yet".
#pragma once

#include <string>

#include "base/clock.h"
#include "base/fd.h"
#include "base/result.h"

namespace boot {

/// Whether the errno of an open, or of a request to the kernel, may pass with a retry.
bool is_not_yet(int code);

/// open(2), retried until `deadline` while the error means "not yet". An open of a disk can sleep
/// as long as its target does not answer. Errors: the last of these; any other error at once.
base::Result<base::UniqueFd> open_device(const std::string& path, int flags, base::Clock& clock,
                                         const base::Deadline& deadline);

}  // namespace boot
