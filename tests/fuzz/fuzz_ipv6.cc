// SPDX-License-Identifier: GPL-2.0-or-later
// Any bytes as what a router and a DHCPv6 server say: as they are, and as answers to a client's
// messages with the numbers put in that a real server would have copied.
#include <algorithm>
#include <cstdint>

#include "boot/dhcp/dhcp6.h"
#include "boot/dhcp/router_advert.h"

namespace {

constexpr boot::MacAddress kMac = {{0x52, 0x54, 0, 0x12, 0x34, 0x56}};

void answer(boot::Dhcp6Client& client, base::ByteView with, base::TimePoint now) {
    const auto sent = client.on_time(now);
    if (!sent || with.size() < 4) {
        return;
    }
    base::Bytes bytes(with.begin(), with.end());
    std::ranges::copy(base::ByteView(*sent).subspan(1, 3), bytes.begin() + 1);
    // Behind the head our own identifier, which every answer must carry.
    const base::ByteView identity = base::ByteView(*sent).subspan(4, 14);
    bytes.insert(bytes.begin() + 4, identity.begin(), identity.end());
    client.on_message(bytes, now);
    (void)client.story();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const base::ByteView bytes = std::as_bytes(std::span(data, size));
    (void)boot::parse_router_advert(bytes);
    (void)boot::parse_dhcp6(bytes, 0);
    for (const auto wants :
         {boot::Dhcp6Client::Wants::kAddress, boot::Dhcp6Client::Wants::kInformation}) {
        base::TimePoint now{};
        boot::Dhcp6Client client(wants, kMac, size, now);
        for (const base::ByteView part : {bytes.first(size / 2), bytes.subspan(size / 2), bytes}) {
            answer(client, part, now);
            now = std::max(now, client.is_done() ? now : client.wake());
        }
    }
    return 0;
}
