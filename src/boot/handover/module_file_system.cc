// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/handover/module_file_system.h"

#include <set>

#include "boot/check/disk_contents.h"
#include "boot/kernel/modules.h"

namespace boot {

std::vector<std::string> file_systems_on(const std::vector<std::string>& devices,
                                         const base::SysPaths& sys) {
    std::set<std::string> found;
    for (const std::string& device : devices) {
        const Contents contents = contents_of(sys.dev + "/" + device);
        if (contents.file_system) {
            found.insert(contents.type);
        }
    }
    return {found.begin(), found.end()};
}

void load_file_systems(const std::vector<std::string_view>& names, const base::SysPaths& sys) {
    for (const std::string_view name : names) {
        load_optional_module("fs-" + std::string(name), sys);
    }
}

}  // namespace boot
