// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/reach/path_interfaces.h"

#include <algorithm>

#include "boot/dhcp/ip_address.h"

namespace boot {
namespace {

/// The interface that a path goes by; null: it names none by its Ethernet address, or that one is
/// not there.
const Interface* interface_of(const Portal& portal, const Network& network) {
    const auto mac = MacAddress::parse(portal.interface);
    if (!mac) {
        return nullptr;
    }
    const auto found = std::ranges::find_if(network.interfaces, [&](const Interface& each) {
        return each.mac == *mac || each.permanent_mac == *mac;
    });
    return found == network.interfaces.end() ? nullptr : &*found;
}

bool is_unnamed(const Portal& portal) {
    return MacAddress::parse(portal.interface).ok();
}

}  // namespace

void name_interfaces(const Network& network, std::vector<Portal>& portals,
                     const std::function<void(const std::string&)>& warn) {
    for (Portal& portal : portals) {
        const Interface* interface = interface_of(portal, network);
        if (interface == nullptr) {
            continue;
        }
        portal.interface = interface->name;
        const auto address = IpAddress::parse(portal.address);
        if (address && address->v6 && address->is_link_local()) {
            portal.address += '%' + interface->name;
        }
    }
    if (!std::ranges::all_of(portals, is_unnamed)) {
        std::erase_if(portals, [&](const Portal& portal) {
            if (is_unnamed(portal)) {
                warn("no interface with the Ethernet address " + portal.interface +
                     " came up, continuing without its path to " + portal.text());
            }
            return is_unnamed(portal);
        });
    }
    for (Portal& portal : portals) {
        if (is_unnamed(portal)) {
            portal.source.clear();
            portal.interface.clear();
        }
    }
}

}  // namespace boot
