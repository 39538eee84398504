// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/dhcp/udp_packet.h"

#include <algorithm>
#include <cassert>
#include <cstddef>

#include "base/endian.h"

namespace boot {

namespace {

using base::be16;
using base::be32;

constexpr uint8_t kVersionAndLength = 0x45;  // version 4, five words
constexpr uint8_t kTimeToLive = 64;
constexpr uint8_t kUdp = 17;
constexpr uint16_t kFragmentMask = 0x3fff;  // "more fragments" and the offset
constexpr uint32_t kBroadcast = 0xffffffff;

struct IpHeader {
    uint8_t version_and_length = kVersionAndLength;
    uint8_t service = 0;
    be16 total_length;
    be16 id;
    be16 fragment;
    uint8_t time_to_live = kTimeToLive;
    uint8_t protocol = kUdp;
    be16 checksum;
    be32 source;
    be32 destination;
};
static_assert(sizeof(IpHeader) == 20 && offsetof(IpHeader, source) == 12);

struct UdpHeader {
    be16 source_port;
    be16 destination_port;
    be16 length;
    be16 checksum;
};
static_assert(sizeof(UdpHeader) == 8);

/// The fields that the UDP checksum covers in addition to the datagram itself.
struct PseudoHeader {
    be32 source;
    be32 destination;
    uint8_t zero = 0;
    uint8_t protocol = kUdp;
    be16 length;
};
static_assert(sizeof(PseudoHeader) == 12);

/// One's complement sum of 16-bit words, not yet folded. REQUIRES: even size, or the last piece.
uint64_t sum(base::ByteView bytes) {
    uint64_t total = 0;
    for (size_t i = 0; i < bytes.size(); ++i) {
        total += std::to_integer<uint64_t>(bytes[i]) << (i % 2 == 0 ? 8U : 0U);
    }
    return total;
}

uint16_t fold(uint64_t total) {
    while (total > UINT16_MAX) {
        total = (total & UINT16_MAX) + (total >> 16U);
    }
    return static_cast<uint16_t>(total);
}

uint64_t pseudo_sum(const IpHeader& ip, uint16_t length) {
    PseudoHeader pseudo;
    pseudo.source = ip.source;
    pseudo.destination = ip.destination;
    pseudo.length = length;
    return sum(base::bytes_of(pseudo));
}

bool checksum_holds(const IpHeader& ip, base::ByteView datagram, uint16_t checksum) {
    constexpr uint16_t kNone = 0;
    return checksum == kNone || fold(pseudo_sum(ip, static_cast<uint16_t>(datagram.size())) +
                                     sum(datagram)) == UINT16_MAX;
}

}  // namespace

base::Bytes build_broadcast(uint16_t source_port, uint16_t destination_port,
                            base::ByteView payload) {
    assert(payload.size() <= UINT16_MAX - sizeof(IpHeader) - sizeof(UdpHeader));
    const auto udp_length = static_cast<uint16_t>(sizeof(UdpHeader) + payload.size());
    IpHeader ip;
    ip.total_length = static_cast<uint16_t>(sizeof(IpHeader) + udp_length);
    ip.destination = kBroadcast;
    ip.checksum = static_cast<uint16_t>(~fold(sum(base::bytes_of(ip))));
    UdpHeader udp;
    udp.source_port = source_port;
    udp.destination_port = destination_port;
    udp.length = udp_length;
    const auto checksum = static_cast<uint16_t>(
        ~fold(pseudo_sum(ip, udp_length) + sum(base::bytes_of(udp)) + sum(payload)));
    udp.checksum = checksum == 0 ? uint16_t{UINT16_MAX} : checksum;  // 0 would mean "none"
    base::Bytes packet;
    base::Writer(packet).put(ip).put(udp).put_bytes(payload);
    return packet;
}

std::optional<base::ByteView> parse_udp(base::ByteView packet, uint16_t port,
                                        bool checksum_is_valid) {
    base::Reader whole(packet);
    const auto ip = whole.take<IpHeader>();
    if (!ip || ip->version_and_length >> 4U != 4) {
        return std::nullopt;
    }
    const size_t header_size = (ip->version_and_length & 0x0fU) * size_t{4};
    const size_t total = ip->total_length;
    if (header_size < sizeof(IpHeader) || total < header_size || total > packet.size() ||
        fold(sum(packet.first(header_size))) != UINT16_MAX || ip->protocol != kUdp ||
        (ip->fragment & kFragmentMask) != 0) {
        return std::nullopt;
    }
    const base::ByteView datagram = packet.first(total).subspan(header_size);
    base::Reader reader(datagram);
    const auto udp = reader.take<UdpHeader>();
    if (!udp || udp->destination_port != port || udp->length < sizeof(UdpHeader) ||
        udp->length > datagram.size()) {
        return std::nullopt;
    }
    if (checksum_is_valid && !checksum_holds(*ip, datagram.first(udp->length), udp->checksum)) {
        return std::nullopt;
    }
    return reader.take_bytes(udp->length - sizeof(UdpHeader));
}

}  // namespace boot
