// SPDX-License-Identifier: GPL-2.0-or-later
//
// How the addresses came, for a second run in the same initramfs: from the emergency shell, after a
// first run that brought up the network and got no root. It finds interfaces that have addresses,
// and without this note would take a lease, and what a router gave, for a static address that the
// real root is to keep for good.
//
//   /run/nvmeroot/network/eth0     KEY=value lines:
//     ADDRESS=192.0.2.7/24         each address of the interface; by them it is known again, since
//                                  udev may have renamed it
//     DNS=192.0.2.1                each name server
//     LEASE=0201…                  the DHCP server's acknowledgement, in hexadecimal
//     GRANTED=12345                when it came, in milliseconds since the kernel started
//     ROUTER=yes                   the IPv6 addresses are a router's or a DHCPv6 server's
//     DHCP6=2001:db8::7            the address that the DHCPv6 server granted
#pragma once

#include "base/clock.h"
#include "base/result.h"
#include "base/sys_paths.h"
#include "boot/net/interfaces.h"

namespace boot {

/// Notes how the network came. Errors: a file cannot be written.
base::Status remember(const Network& network, const base::SysPaths& sys);

/// Adds what an earlier run noted to interfaces that still have its addresses; what this run found
/// out itself stands.
void recall(Network& network, const base::SysPaths& sys);

/// The addresses whose lease has ended by `now`, and which no longer are this machine's.
std::vector<Subnet> ended_leases(const base::SysPaths& sys, base::TimePoint now);

}  // namespace boot
