// SPDX-License-Identifier: GPL-2.0-or-later
//
// Keys as systemd credentials: nvmeroot.KEY, with its value in
//
//     1. $CREDENTIALS_DIRECTORY             of the unit, with credentials that systemd decrypted
//     2. /run/credentials/@system           credentials that process 1 of systemd imported
//     3. SMBIOS type 11                     io.systemd.credential:nvmeroot.KEY=VALUE, or
//                                           io.systemd.credential.binary:nvmeroot.KEY=BASE64
//     4. QEMU's fw_cfg                      opt/io.systemd.credentials/nvmeroot.KEY
//
// The first place that has the name wins. The last two are read directly, so that an image without
// systemd has them too.
#pragma once

#include <string>

#include "base/sys_paths.h"
#include "boot/sources/sources.h"

namespace boot {

/// Adds the credentials whose names begin with `nvmeroot.`. Unknown keys among them, and values
/// that cannot be read, are errors.
/// @param folder  $CREDENTIALS_DIRECTORY; empty: not set
void add_credentials(const std::string& folder, const base::SysPaths& sys, Sources& sources);

}  // namespace boot
