// SPDX-License-Identifier: GPL-2.0-or-later
//
// The configuration files of nvme-cli. Users write them and dracut's nvmf module copies them into
// an image, but nvmeroot does not read them.
#pragma once

#include <string>

#include "base/sys_paths.h"

namespace boot {

/// A sentence that names the files that exist; empty if none does.
std::string unread_files(const base::SysPaths& sys);

}  // namespace boot
