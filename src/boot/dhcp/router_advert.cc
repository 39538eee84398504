// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/dhcp/router_advert.h"

#include "base/endian.h"

namespace boot {
namespace {

constexpr uint8_t kSolicit = 133;
constexpr uint8_t kAdvert = 134;
constexpr uint8_t kManaged = 0x80;
constexpr uint8_t kOther = 0x40;
constexpr uint8_t kSourceLinkAddress = 1;
constexpr uint8_t kDnsServers = 25;
constexpr size_t kUnit = 8;  // of an option's length
constexpr size_t kMostServers = 8;

struct Header {
    uint8_t type;
    uint8_t code;
    base::be16 checksum;
    uint8_t hop_limit;
    uint8_t flags;
    base::be16 lifetime;
    base::be32 reachable_time;
    base::be32 retransmit_time;
};
static_assert(sizeof(Header) == 16);

struct OptionHeader {
    uint8_t type;
    uint8_t units;
};

/// Reserved bytes, a lifetime, then addresses. A lifetime of 0 takes them back.
void take_servers(base::ByteView body, std::vector<IpAddress>& dns) {
    base::Reader reader(body);
    const auto reserved = reader.take<base::be16>();
    const auto lifetime = reader.take<base::be32>();
    if (!reserved || !lifetime || *lifetime == 0) {
        return;
    }
    while (const auto bytes = reader.take_bytes(sizeof(IpAddress::octets))) {
        const auto address = IpAddress::from_bytes(*bytes);
        if (address && address->is_host_address() && !address->is_link_local() &&
            dns.size() < kMostServers) {
            dns.push_back(*address);
        }
    }
}

}  // namespace

std::optional<RouterAdvert> parse_router_advert(base::ByteView message) {
    base::Reader reader(message);
    const auto header = reader.take<Header>();
    if (!header || header->type != kAdvert || header->code != 0) {
        return std::nullopt;
    }
    RouterAdvert advert;
    advert.managed = (header->flags & kManaged) != 0;
    advert.other_config = (header->flags & kOther) != 0;
    while (reader.remaining() > 0) {
        const auto option = reader.take<OptionHeader>();
        if (!option || option->units == 0) {
            return std::nullopt;
        }
        const auto body = reader.take_bytes(option->units * kUnit - sizeof(OptionHeader));
        if (!body) {
            return std::nullopt;
        }
        if (option->type == kDnsServers) {
            take_servers(*body, advert.dns);
        }
    }
    return advert;
}

base::Bytes build_router_solicit(const MacAddress& mac) {
    base::Bytes message;
    base::Writer(message)
        .put(kSolicit)
        .put_zeros(7)
        .put(OptionHeader{kSourceLinkAddress, 1})
        .put(mac);
    return message;
}

}  // namespace boot
