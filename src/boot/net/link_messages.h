// SPDX-License-Identifier: GPL-2.0-or-later
//
// The messages of the kernel about its network, by rtnetlink(7): links, addresses and routes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "boot/dhcp/ip_address.h"
#include "boot/dhcp/route.h"

namespace boot {

/// A network interface as the kernel describes it.
struct Link {
    int index = 0;
    std::string name;
    bool ethernet = false;
    bool loopback = false;
    bool up = false;
    /// The other end is present and packets may pass (IFF_LOWER_UP and not IFF_DORMANT).
    /// IFF_RUNNING has the same meaning, up to a second later, because the kernel limits how often
    /// it checks.
    bool carrier = false;
    /// Part of a bond, bridge or team.
    bool enslaved = false;
    /// "vlan", "bridge", "veth", …; empty for hardware.
    std::string kind;
    MacAddress mac;
    std::optional<MacAddress> permanent_mac;
    uint32_t mtu = 0;
    /// Not in the message: read_network_state() queries it.
    std::string driver{};
};

struct LinkAddress {
    int index = 0;
    Subnet subnet;
    /// IPv6 duplicate address detection is not over, so the address cannot be used yet.
    bool tentative = false;
    /// Another machine has the address.
    bool duplicate = false;
};

struct LinkRoute {
    int index = 0;
    Route route;
    /// Follows from an address (RTPROT_KERNEL); not configured by anyone.
    bool automatic = false;
};

/// @name Contents of the kernel's messages, without their netlink header.
/// @return nothing for a message that is malformed or describes something else: another family, a
///         route outside the main table, a route with several next hops.
///@{
std::optional<Link> parse_link(base::ByteView message);
std::optional<LinkAddress> parse_address(base::ByteView message);
std::optional<LinkRoute> parse_route(base::ByteView message);
///@}

}  // namespace boot
