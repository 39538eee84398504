// SPDX-License-Identifier: GPL-2.0-or-later
//
// Where the kernel's file trees are. Tests point these at trees of their own.
#pragma once

#include <string>

namespace base {

struct SysPaths {
    std::string proc = "/proc";
    std::string sys = "/sys";
    std::string dev = "/dev";
    std::string run = "/run";
    std::string etc = "/etc";
    std::string lib_modules = "/lib/modules";
    std::string usr_lib = "/usr/lib";
    std::string configfs = "/sys/kernel/config";
};

}  // namespace base
