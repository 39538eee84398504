// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/sources/unread_files.h"

#include <sys/stat.h>

#include "base/join.h"

namespace boot {

std::string unread_files(const base::SysPaths& sys) {
    std::string names;
    unsigned count = 0;
    for (const char* name : {"discovery.conf", "config.json", "nvme-fabrics.conf"}) {
        const std::string path = sys.etc + "/nvme/" + name;
        struct stat seen {};
        if (::lstat(path.c_str(), &seen) == 0) {
            base::append_part(names, ", ", path);
            ++count;
        }
    }
    if (names.empty()) {
        return {};
    }
    return names + (count == 1 ? " belongs to nvme-cli and is" : " belong to nvme-cli and are") +
           " not read by nvmeroot: put targets and secrets into " + sys.etc +
           "/nvmeroot/nvmeroot.conf";
}

}  // namespace boot
