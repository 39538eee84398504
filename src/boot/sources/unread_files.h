// SPDX-License-Identifier: GPL-2.0-or-later
//
// The configuration of nvme-cli, which people write, dracut's nvmf module copies into an image, and
// nobody reads here.
#pragma once

#include <string>

#include "base/sys_paths.h"

namespace boot {

/// A sentence that names those that are there; empty where none is.
std::string unread_files(const base::SysPaths& sys);

}  // namespace boot
