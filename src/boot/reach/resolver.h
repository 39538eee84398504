// SPDX-License-Identifier: GPL-2.0-or-later
//
// Queries name servers for the addresses of a name. The static program cannot use glibc's resolver,
// which loads shared objects and reads files that an initramfs does not have.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/sys_paths.h"
#include "boot/net/interfaces.h"
#include "boot/plan/plan.h"

namespace boot {

struct NameServers {
    std::vector<IpAddress> servers;
    std::vector<std::string> domains;  ///< appended to a name without a dot, in this order
    bool v4 = true;                    ///< ask for IPv4 addresses
    bool v6 = true;                    ///< ask for IPv6 addresses
    uint16_t port = 53;
};

/// The name servers of the network, or of etc/resolv.conf if the network has none. Queries are for
/// the address families that the interfaces have.
NameServers name_servers(const Network& network, const base::SysPaths& sys);

/// Queries all servers in turn, and repeats each query a few times. IPv4 addresses come first.
/// Errors: no server, none answers, no such name, no address of a family in use.
base::Result<std::vector<IpAddress>> resolve(const std::string& name, const NameServers& servers,
                                             const base::Deadline& deadline);

/// The portals with each name replaced by its addresses, in the same order, without duplicates.
/// @param warn  called for a name without an address if other portals exist
/// Errors: as resolve(), for the last name, if no portal is left.
base::Result<std::vector<Portal>> resolve_portals(
    const std::vector<Portal>& portals, const NameServers& servers, const base::Deadline& deadline,
    const std::function<void(const std::string&)>& warn);

}  // namespace boot
