// SPDX-License-Identifier: GPL-2.0-or-later
//
// The NVMe Boot Firmware Table as a source of keys: what the firmware used to reach the disk
// becomes URIs, ip values, host identity and digests, as if somebody had written them.
#pragma once

#include <string>

#include "base/sys_paths.h"
#include "boot/sources.h"
#include "nvme/nbft.h"

namespace boot {

/// Adds what the tables below sys/firmware/acpi/tables say. A table that is malformed is left out
/// with a warning: firmware is not mended by refusing to boot.
void add_nbft(const base::SysPaths& sys, Sources& sources);

/// Adds what one table says. @param name  begins the origin of its values
void add_nbft_table(const std::string& name, const nvme::Nbft& nbft, Sources& sources);

}  // namespace boot
