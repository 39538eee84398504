// SPDX-License-Identifier: GPL-2.0-or-later
//
// The places of the kernel's file trees. Tests use their own trees.
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
