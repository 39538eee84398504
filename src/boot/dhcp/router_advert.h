// SPDX-License-Identifier: GPL-2.0-or-later
//
// A Router Advertisement: RFC 4861, section 4.2 "Router Advertisement Message Format", and the name
// servers of RFC 8106, section 5.1 "Recursive DNS Server Option". The kernel derives addresses and
// routes from the same message; this unit parses the parts that the kernel does not keep.
#pragma once

#include <optional>
#include <vector>

#include "base/bytes.h"
#include "boot/dhcp/ip_address.h"

namespace boot {

struct RouterAdvert {
    bool managed = false;       ///< M: addresses come by DHCPv6
    bool other_config = false;  ///< O: the rest comes by DHCPv6
    std::vector<IpAddress> dns;
};

/// @param message  from the ICMPv6 header on, its checksum tested by the kernel
/// @return nothing for another message, or one that RFC 4861, section 6.1.2, has hosts drop
std::optional<RouterAdvert> parse_router_advert(base::ByteView message);

/// A Router Solicitation; the kernel fills in the checksum.
base::Bytes build_router_solicit(const MacAddress& mac);

}  // namespace boot
