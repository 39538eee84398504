// SPDX-License-Identifier: GPL-2.0-or-later
//
// The words of the kernel command line that describe the network, in the grammar of the kernel
// (Documentation/admin-guide/nfs/nfsroot.rst) and of dracut.cmdline(7), which grew out of it:
//
//   ip=…: ip_options.h      vlan=, bond=, bridge=, ifname=: device_options.h
//   nameserver=ADDRESS
//   rd.route=DESTINATION[/LENGTH]:GATEWAY[:INTERFACE]
//   BOOTIF=[01-]MAC, unless rd.bootif=0
//   rd.peerdns=0
//   bootdev=INTERFACE
//   rd.neednet=, rd.net.timeout.*=, rd.net.dhcp.retry=: known; what counts of them is sources.cc's
//
// All of them are shared with other programs of the initramfs. A word that is wrong stops the boot
// only where the root's network needs it.
#pragma once

#include <span>
#include <string_view>

#include "base/result.h"
#include "boot/net/network_plan.h"

namespace boot {

/// Whether `key` is a word that this file knows, or one of dracut's rd.net.*.
bool is_network_option(std::string_view key);

/// All that this file knows by name.
std::span<const std::string_view> network_words();

/// Whether the word means something without a value: rd.neednet, bond.
bool may_stand_alone(std::string_view key);

/// Adds what `key`=`value` says to `plan`; wrong parts that are not needed go to plan.left_out.
/// Repeating a value has no effect.
/// @return an error that names the key and the part of the value that is wrong; the plan is then
///         unchanged. A known word that this program cannot honour (team) is an error too.
/// REQUIRES: is_network_option(key)
base::Status apply_network_option(NetworkPlan& plan, std::string_view key, std::string_view value);

/// Whether the plan cannot do without what the word says: an address, or a device that an address
/// or another device is put on.
bool needs_option(const NetworkPlan& plan, std::string_view key, std::string_view value);

}  // namespace boot
