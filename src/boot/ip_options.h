// SPDX-License-Identifier: GPL-2.0-or-later
//
// The words of the kernel command line that describe the network, in the grammar of the kernel
// (Documentation/admin-guide/nfs/nfsroot.rst) and of dracut.cmdline(7), which grew out of it:
//
//   ip=METHOD
//   ip=INTERFACE:METHOD[:[MTU][:MAC]]
//   ip=CLIENT:[PEER]:[GATEWAY]:[NETMASK]:[HOSTNAME]:[INTERFACE]:[METHOD][:[MTU][:MAC]]
//   ip=CLIENT:[PEER]:[GATEWAY]:[NETMASK]:[HOSTNAME]:[INTERFACE]:[METHOD][:[DNS][:[DNS][:NTP]]]
//   nameserver=ADDRESS
//   rd.route=DESTINATION[/LENGTH]:GATEWAY[:INTERFACE]
//   BOOTIF=[01-]MAC, unless rd.bootif=0
//
//   vlan=, bond=, bridge=, ifname=: device_options.h
//   rd.peerdns=0
//   bootdev=INTERFACE
//   rd.neednet=, rd.net.timeout.*=, rd.net.dhcp.retry=: known; what counts of them is sources.cc's
//
// METHOD is dhcp, on, any or single-dhcp for DHCPv4, auto6, dhcp6 or either6 for what a router or a
// DHCPv6 server gives, link6 or link-local for IPv6's link-local address alone, none, off or static
// for a given address; ibft leaves the interface to the firmware's table (sources.cc).
// INTERFACE may be an Ethernet address with dashes, 52-54-00-12-34-56: the interface that has it;
// or @DRIVER: one of that driver.
// IPv6 addresses stand in square brackets. An empty METHOD means static where CLIENT is given and
// DHCP where it is not. PEER is the kernel's NFS server or dracut's other end of a point-to-point
// link; it counts only beside a netmask of one host.
#pragma once

#include <string_view>

#include "base/result.h"
#include "boot/network_plan.h"

namespace boot {

/// Whether `key` is a word that this file knows, supported or not.
bool is_network_option(std::string_view key);

/// Sets which interface is meant: a name, an Ethernet address with dashes, or @DRIVER; an empty
/// text changes nothing.
base::Status set_interface(InterfacePlan& plan, std::string_view text);

/// Adds what `key`=`value` says to `plan`. Said twice is said once.
/// @return an error that names the key and the part of the value that is wrong; the plan is then
///         unchanged. A known word that this program cannot honour (team) is an error too: a boot
///         that ignored it would use the wrong network.
/// REQUIRES: is_network_option(key)
base::Status apply_network_option(NetworkPlan& plan, std::string_view key, std::string_view value);

}  // namespace boot
