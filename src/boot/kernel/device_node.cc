// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/kernel/device_node.h"

#include <algorithm>
#include <cerrno>

namespace boot {

bool is_not_yet(int code) {
    constexpr int kPassing[] = {ENOENT, ENXIO, ENODEV, EAGAIN, EBUSY, EINTR};
    return std::ranges::find(kPassing, code) != std::end(kPassing);
}

base::Result<base::UniqueFd> open_device(const std::string& path, int flags, base::Clock& clock,
                                         const base::Deadline& deadline) {
    constexpr base::milliseconds kPause{10};
    for (;;) {
        auto fd = base::open_file(path, flags);
        if (fd || !is_not_yet(fd.error().code) || deadline.passed()) {
            return fd;
        }
        clock.sleep(std::min(kPause, deadline.left()));
    }
}

}  // namespace boot
