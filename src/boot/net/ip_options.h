// SPDX-License-Identifier: GPL-2.0-or-later
//
// The value of ip=, in the grammar of the kernel (Documentation/admin-guide/nfs/nfsroot.rst) and of
// dracut.cmdline(7), which grew out of it:
//
//   ip=METHODS
//   ip=INTERFACE:METHODS[:[MTU][:MAC]]
//   ip=INTERFACE:METHODS[:[DNS][:[DNS][:NTP]]]
//   ip=CLIENT:[PEER]:[GATEWAY]:[NETMASK]:[HOSTNAME]:[INTERFACE]:[METHODS][:[MTU][:MAC]]
//   ip=CLIENT:[PEER]:[GATEWAY]:[NETMASK]:[HOSTNAME]:[INTERFACE]:[METHODS][:[DNS][:[DNS][:NTP]]]
//
// METHODS is a METHOD, or several with commas between them, as dracut and NetworkManager take them.
// METHOD is dhcp, dhcp4, on, any, all or single-dhcp for DHCPv4, auto6, dhcp6 or either6 for what a
// router or a DHCPv6 server gives, auto for dhcp and auto6, link6 or link-local for IPv6's
// link-local address alone, none, off or static for a given address; ibft and fw leave the
// interface to the firmware's table (sources.cc). INTERFACE may be an Ethernet address with dashes,
// 52-54-00-12-34-56: the interface that has it; or @DRIVER: one of that driver. IPv6 addresses
// stand in square brackets. Empty METHODS mean static where CLIENT is given and DHCP where it is
// not. PEER is the kernel's NFS server or dracut's other end of a point-to-point link; it counts
// only with a netmask of one host, or with a length after it (10.0.2.2/24), which is that of the
// link. CLIENT may have a length in place of NETMASK.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "boot/net/network_plan.h"

namespace boot {

/// How to write a static address, for errors.
inline constexpr std::string_view kStaticForm = "ip=ADDRESS::GATEWAY:NETMASK::INTERFACE:none";

/// Sets which interface is meant: a name, an Ethernet address with dashes, or @DRIVER; an empty
/// text changes nothing.
base::Status set_interface(InterfacePlan& plan, std::string_view text);

/// ADDRESS[/LENGTH]; of an IPv6 address in square brackets the length may stand inside them.
base::Result<Subnet> parse_subnet(std::string_view text);

/// The parts between colons, except colons in square brackets. Errors: a bracket is not closed.
base::Result<std::vector<std::string_view>> split_fields(std::string_view value);

/// One plan for each method. Errors name the field that is wrong; `static`, a gateway or a netmask
/// without an address is one.
/// @param odd  takes a sentence on each part that is wrong and left out, because a root can be
///             reached without it: PEER, HOSTNAME, a METHOD, MTU, MAC, DNS, fields behind them
base::Result<std::vector<InterfacePlan>> parse_ip(std::string_view value,
                                                  std::vector<std::string>& odd);

}  // namespace boot
