// SPDX-License-Identifier: GPL-2.0-or-later
//
// The words of the kernel command line that make or name network devices, as dracut.cmdline(7) has
// them:
//
//   vlan=NAME:PARENT                        NAME ends with the VLAN's number: vlan5, eth0.0005
//   bond=NAME[:PORT,PORT…[:OPTION=VALUE,…[:MTU]]]
//   bridge=NAME[:PORT,PORT…]
//   ifname=NAME:MAC
//
// A name alone, or nothing, means what dracut means by it: bond0 of eth0 and eth1 with
// mode=balance-rr, br0 of eth0.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "boot/net/network_plan.h"

namespace boot {

/// Errors of all four name the part that is wrong.
base::Result<DevicePlan> parse_vlan(std::string_view value);
/// @param odd  takes a sentence on each part that is wrong and left out, because a bond is made
///             without it: an option that nobody knows, the preferred port, the MTU
base::Result<DevicePlan> parse_bond(std::string_view value, std::vector<std::string>& odd);
base::Result<DevicePlan> parse_bridge(std::string_view value);
base::Result<NamePlan> parse_ifname(std::string_view value);

/// At most 15 characters that the kernel takes in a name.
base::Result<std::string> parse_interface_name(std::string_view text);
/// 68 to 65535.
base::Result<uint32_t> parse_mtu(std::string_view text);

}  // namespace boot
