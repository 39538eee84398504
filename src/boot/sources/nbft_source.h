// SPDX-License-Identifier: GPL-2.0-or-later
//
// The NVMe Boot Firmware Table as a source of keys: the data with which the firmware reached the
// disk becomes URIs, ip values, host identity and digests, as if a user had written them.
#pragma once

#include "base/sys_paths.h"
#include "boot/sources/sources.h"

namespace boot {

/// Adds the values of the tables below sys/firmware/acpi/tables. If there are several, the first
/// one that names a root decides. Each combination of a namespace and one of its interfaces is a
/// path. An unusable table or entry is ignored with a warning, because refusing to boot does not
/// repair the firmware. If nothing is usable and no other source names a target, Sources::firmware
/// has the reason; if the reason is a security profile, it is an error.
void add_nbft(const base::SysPaths& sys, Sources& sources);

}  // namespace boot
