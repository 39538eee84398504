// SPDX-License-Identifier: GPL-2.0-or-later
// Any bytes as a datagram from the kernel's rtnetlink.
#include <cstdint>
#include <cstdlib>

#include "boot/net/link_messages.h"
#include "boot/net/netlink_message.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const base::ByteView bytes = std::as_bytes(std::span(data, size));
    size_t total = 0;
    for (const boot::NetlinkMessage& message : boot::split_netlink(bytes)) {
        total += message.payload.size();
        const auto link = boot::parse_link(message.payload);
        const auto address = boot::parse_address(message.payload);
        const auto route = boot::parse_route(message.payload);
        if ((link && (link->index <= 0 || link->name.empty())) ||
            (address && address->subnet.prefix_length > address->subnet.address.bits()) ||
            (route && route->index <= 0)) {
            abort();
        }
        (void)boot::parse_netlink_ack(message.payload);
    }
    if (total > size) {
        abort();
    }
    return 0;
}
