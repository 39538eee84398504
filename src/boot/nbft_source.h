// SPDX-License-Identifier: GPL-2.0-or-later
//
// The NVMe Boot Firmware Table as a source of keys: what the firmware used to reach the disk
// becomes URIs, ip values, host identity and digests, as if somebody had written them.
#pragma once

#include "base/sys_paths.h"
#include "boot/sources.h"

namespace boot {

/// Adds what the tables below sys/firmware/acpi/tables say; of several the first that names a root
/// decides. A table that is malformed is left out with a warning: firmware is not mended by
/// refusing to boot.
void add_nbft(const base::SysPaths& sys, Sources& sources);

}  // namespace boot
