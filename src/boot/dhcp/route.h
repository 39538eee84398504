// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <optional>

#include "boot/dhcp/ip_address.h"

namespace boot {

/// A route, as DHCP servers, command lines and the kernel's tables describe it.
struct Route {
    Subnet destination;
    /// None: the destination is on the link itself.
    std::optional<IpAddress> gateway;

    bool operator==(const Route&) const = default;
};

}  // namespace boot
