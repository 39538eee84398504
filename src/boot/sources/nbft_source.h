// SPDX-License-Identifier: GPL-2.0-or-later
//
// The NVMe Boot Firmware Table as a source of keys: what the firmware used to reach the disk
// becomes URIs, ip values, host identity and digests, as if somebody had written them.
#pragma once

#include "base/sys_paths.h"
#include "boot/sources/sources.h"

namespace boot {

/// Adds what the tables below sys/firmware/acpi/tables say; of several the first that names a root
/// decides. Each namespace by each of its interfaces is a path of its own. What is of no use, a
/// whole table or an entry of one, is left out with a warning: firmware is not mended by refusing
/// to boot. Where nothing is of use and no other source names a target, Sources::firmware says so,
/// or an error does where the reason is a security profile.
void add_nbft(const base::SysPaths& sys, Sources& sources);

}  // namespace boot
