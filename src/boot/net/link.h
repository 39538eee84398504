// SPDX-License-Identifier: GPL-2.0-or-later
//
// Selects the interfaces of the machine that a plan means.
#pragma once

#include <string>
#include <vector>

#include "boot/net/network_plan.h"
#include "boot/net/rtnetlink.h"

namespace boot {

/// The kernel's links and addresses at one moment.
struct NetworkState {
    std::vector<Link> links;
    std::vector<LinkAddress> addresses;

    /// Null if the interface has disappeared.
    [[nodiscard]] const Link* find(int index) const;
    /// Null if the interface does not have the address.
    [[nodiscard]] const LinkAddress* find(int index, const IpAddress& address) const;
    /// Whether the interface has a configured address of this family. Automatic link-local
    /// addresses do not count.
    [[nodiscard]] bool has_given_address(int index, bool v6) const;
};

base::Result<NetworkState> read_network_state(Rtnetlink& kernel);

/// Whether a boot may use the interface although the plan does not name it: an Ethernet port, or
/// the interface of a virtual machine or container, that is not part of a bond or bridge.
bool is_candidate(const Link& link);

/// The links that the plan means: the one of that name (of any kind), the candidate with that
/// Ethernet address (the permanent one counts too), those of that driver, or all candidates.
std::vector<Link> matching_links(const std::vector<Link>& links, const InterfacePlan& plan);

/// For an error: the interface that was not found, and the interfaces that exist.
std::string describe_missing(const std::vector<Link>& links, const InterfacePlan& plan);

}  // namespace boot
