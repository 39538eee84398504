// SPDX-License-Identifier: GPL-2.0-or-later
// Any bytes as what a DHCP client hears. First as a packet from the wire; then as a message: what
// can be read must read the same after it was written; then as the answer to a client's discover
// and to its request, with the numbers put in that a real server would have copied.
#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "boot/dhcp/dhcp.h"
#include "boot/dhcp/udp_packet.h"

namespace {

constexpr boot::MacAddress kMac = {{0x52, 0x54, 0, 0x12, 0x34, 0x56}};
constexpr size_t kXid = 4;
constexpr size_t kXidSize = 4;
constexpr size_t kChaddr = 28;
constexpr size_t kHeader = 240;

void check_round_trip(base::ByteView bytes) {
    const auto message = boot::parse_dhcp(bytes);
    if (!message) {
        return;
    }
    (void)boot::dhcp_text(*message);
    (void)boot::lease_of(*message);
    boot::DhcpMessage written = *message;
    std::erase_if(written.options, [](const boot::DhcpOption& option) {
        return option.code == boot::DhcpCode::kOverload;  // the writer does not run over
    });
    const auto again = boot::parse_dhcp(boot::build_dhcp(written));
    if (!again || !std::ranges::equal(again->options, written.options, [](auto& a, auto& b) {
            return a.code == b.code && a.value == b.value;
        })) {
        abort();
    }
}

void answer(boot::DhcpClient& client, base::ByteView to, base::ByteView with, base::TimePoint now) {
    if (with.size() < kHeader) {
        return;
    }
    base::Bytes bytes(with.begin(), with.end());
    std::ranges::copy(to.subspan(kXid, kXidSize), bytes.begin() + kXid);
    std::ranges::copy(kMac.bytes(), bytes.begin() + kChaddr);
    (void)client.on_message(bytes, now);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const base::ByteView bytes = std::as_bytes(std::span(data, size));
    for (const bool checksum_is_valid : {true, false}) {
        if (const auto payload = boot::parse_udp(bytes, 68, checksum_is_valid)) {
            check_round_trip(*payload);
        }
    }
    check_round_trip(bytes);

    base::TimePoint now{};
    boot::DhcpClient client({kMac, "pc7", std::nullopt}, size, now);
    const size_t half = size / 2;
    for (const base::ByteView part : {bytes, bytes, bytes.first(half), bytes.subspan(half)}) {
        now = std::max(now, client.wake());
        const auto sent = client.on_time(now);
        if (!sent) {
            break;  // bound
        }
        answer(client, *sent, part, now);
        (void)client.story();
    }
    return 0;
}
