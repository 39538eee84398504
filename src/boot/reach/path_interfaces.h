// SPDX-License-Identifier: GPL-2.0-or-later
//
// The boot firmware identifies an interface by its Ethernet address. A socket and the kernel's
// connect need its name, which is known when the network is up.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "boot/net/interfaces.h"
#include "boot/plan/plan.h"

namespace boot {

/// Replaces Ethernet addresses by names, and adds names to link-local addresses. A path through an
/// interface that did not come up is removed if other paths exist; the last paths are kept without
/// an interface.
/// @param warn  called for each removed path
void name_interfaces(const Network& network, std::vector<Portal>& portals,
                     const std::function<void(const std::string&)>& warn);

}  // namespace boot
