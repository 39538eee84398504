// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/kernel/udev.h"

#include <unistd.h>

#include <algorithm>

#include "base/sysfs.h"
#include "base/text.h"

namespace boot {
namespace {

constexpr base::milliseconds kPause{20};

bool exists(const std::string& path) {
    return ::access(path.c_str(), F_OK) == 0;
}

/// udev writes an interface's record after it has renamed it.
bool all_recorded(const base::SysPaths& sys) {
    const std::string net = sys.sys + "/class/net";
    return std::ranges::all_of(list_folder(net), [&](const std::string& name) {
        const auto index = attribute(net + "/" + name + "/ifindex");
        return name == "lo" || (index && exists(sys.run + "/udev/data/n" + *index));
    });
}

}  // namespace

void await_interface_names(const base::SysPaths& sys, base::Clock& clock,
                           const base::Deadline& deadline) {
    if (!exists(sys.run + "/udev/control")) {
        return;
    }
    while (!all_recorded(sys) && !deadline.passed()) {
        clock.sleep(kPause);
    }
}

}  // namespace boot
