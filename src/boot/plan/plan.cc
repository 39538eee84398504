// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/plan/plan.h"

#include <unistd.h>

#include <algorithm>

namespace boot {

std::string Portal::text() const {
    const bool v6 = address.find(':') != std::string::npos;
    return (v6 ? "[" + address + "]" : address) + ":" + std::to_string(port);
}

uint32_t ConnectOptions::io_queues() const {
    constexpr uint32_t kKindToSmallTargets = 4;
    if (nr_io_queues != 0) {
        return nr_io_queues;
    }
    const long processors = ::sysconf(_SC_NPROCESSORS_ONLN);
    return std::clamp(static_cast<uint32_t>(std::max(processors, 1L)), 1U, kKindToSmallTargets);
}

}  // namespace boot
