// SPDX-License-Identifier: GPL-2.0-or-later
//
// The boot firmware calls an interface by its Ethernet address; a socket and the kernel's connect
// want its name, which is known when the network is up.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "boot/net/interfaces.h"
#include "boot/plan/plan.h"

namespace boot {

/// Puts names in place of Ethernet addresses, and behind link-local addresses. A path by an
/// interface that did not come up is left out while others are there; of the last ones the
/// interface is forgotten.
/// @param warn  told of each that is left out
void name_interfaces(const Network& network, std::vector<Portal>& portals,
                     const std::function<void(const std::string&)>& warn);

}  // namespace boot
