// SPDX-License-Identifier: GPL-2.0-or-later
//
// A record of how the addresses were configured, for a second run in the same initramfs: from the
// emergency shell, after a first run that brought up the network and got no root. The second run
// finds interfaces that have addresses. Without this record, it would mistake the address of a
// lease or of a router for a static address, which the real root would keep permanently.
//
//   /run/nvmeroot/network/eth0     KEY=value lines:
//     ADDRESS=192.0.2.7/24         each address of the interface; they identify it, because
//                                  udev may have renamed it
//     DNS=192.0.2.1                each name server
//     LEASE=0201…                  the DHCP server's acknowledgement, in hexadecimal
//     GRANTED=12345                when it was granted, in milliseconds since the kernel started
//     ROUTER=yes                   the IPv6 addresses come from a router or a DHCPv6 server
//     DHCP6=2001:db8::7            the address that the DHCPv6 server granted
#pragma once

#include "base/clock.h"
#include "base/result.h"
#include "base/sys_paths.h"
#include "boot/net/interfaces.h"

namespace boot {

/// Writes the record. Errors: a file cannot be written.
base::Status remember(const Network& network, const base::SysPaths& sys);

/// Adds the record of an earlier run to interfaces that still have its addresses. Facts of this run
/// have precedence.
void recall(Network& network, const base::SysPaths& sys);

/// The addresses whose lease has ended by `now`, and which no longer belong to this machine.
std::vector<Subnet> ended_leases(const base::SysPaths& sys, base::TimePoint now);

}  // namespace boot
