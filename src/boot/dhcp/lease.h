// SPDX-License-Identifier: GPL-2.0-or-later
//
// A lease of a DHCP server: enough to configure the interface now, and for the real root to
// continue to renew the same lease under the same identity.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "boot/dhcp/ip_address.h"
#include "boot/dhcp/route.h"

namespace boot {

struct Lease {
    Subnet address;
    std::optional<IpAddress> broadcast;
    /// Identity of the server (option 54), to which renewals go.
    IpAddress server;
    base::seconds duration{0};
    /// When to renew with the server and when to ask any server, counted from the lease's start.
    base::seconds t1{0};
    base::seconds t2{0};
    /// From option 121, or the first router of option 3 if there is no option 121.
    std::vector<Route> routes;
    std::vector<IpAddress> dns;
    std::optional<uint32_t> mtu;
    std::string hostname;
    std::string domain;
    /// Option 17, as the server sent it.
    std::string root_path;
    /// How the client identified itself (option 61): hardware type and Ethernet address.
    base::Bytes client_id;
    /// The server's acknowledgement, for network_memory.h.
    base::Bytes message;
    base::TimePoint granted{};
};

/// A lease of a DHCPv6 server.
struct Lease6 {
    IpAddress address;
    base::seconds preferred{0};
    base::seconds valid{0};
    base::seconds t1{0};
    base::seconds t2{0};
};

}  // namespace boot
