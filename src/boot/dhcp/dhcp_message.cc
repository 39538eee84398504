// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/dhcp/dhcp_message.h"

#include <algorithm>
#include <cstddef>

#include "base/endian.h"
#include "base/text.h"

namespace boot {

namespace {

using base::be16;
using base::be32;

constexpr uint8_t kBootRequest = 1;
constexpr uint8_t kBootReply = 2;
constexpr uint8_t kEthernet = 1;
constexpr uint32_t kMagic = 0x63825363;
constexpr size_t kSmallestMessage = 300;
constexpr size_t kLongestPiece = 255;
// Every IPv4 host must take this much (RFC 791); a server that says less is not believed.
constexpr uint32_t kSmallestMtu = 576;

struct Header {
    uint8_t op = 0;
    uint8_t htype = kEthernet;
    uint8_t hlen = sizeof(MacAddress);
    uint8_t hops = 0;
    be32 xid;
    be16 secs;
    be16 flags;
    be32 ciaddr;
    be32 yiaddr;
    be32 siaddr;
    be32 giaddr;
    MacAddress chaddr;
    std::array<uint8_t, 10> chaddr_rest{};
    std::array<std::byte, 64> sname{};
    std::array<std::byte, 128> file{};
    be32 magic = kMagic;
};
static_assert(sizeof(Header) == 240 && alignof(Header) == 1);
static_assert(offsetof(Header, chaddr) == 28 && offsetof(Header, sname) == 44 &&
              offsetof(Header, file) == 108 && offsetof(Header, magic) == 236);

/// Which fields carry more options: the values of option 52.
enum Overload : uint8_t { kFile = 1, kServerName = 2 };

struct RawOption {
    uint8_t code = 0;
    uint8_t length = 0;
};

base::Error malformed(DhcpCode code) {
    return base::error(base::format("option %u is malformed", static_cast<unsigned>(code)));
}

base::Status parse_options(DhcpMessage& message, base::ByteView bytes) {
    base::Reader reader(bytes);
    while (const auto code = reader.take<uint8_t>()) {
        if (*code == static_cast<uint8_t>(DhcpCode::kEnd)) {
            break;
        }
        if (*code == static_cast<uint8_t>(DhcpCode::kPad)) {
            continue;
        }
        const auto length = reader.take<uint8_t>();
        const auto value = length ? reader.take_bytes(*length) : std::nullopt;
        if (!value) {
            return base::error(base::format("option %u runs past the end", unsigned{*code}));
        }
        message.add(DhcpCode{*code}, *value);
    }
    return base::done();
}

base::Status parse_overloaded(DhcpMessage& message, const Header& header) {
    const base::Bytes* overload = message.find(DhcpCode::kOverload);
    if (overload == nullptr) {
        return base::done();
    }
    if (overload->size() != 1) {
        return malformed(DhcpCode::kOverload);
    }
    const auto fields = std::to_integer<uint8_t>(overload->front());
    if ((fields & Overload::kFile) != 0) {
        TRY_VOID(parse_options(message, header.file));
    }
    if ((fields & Overload::kServerName) != 0) {
        TRY_VOID(parse_options(message, header.sname));
    }
    return base::done();
}

base::Status take_type(DhcpMessage& message) {
    const base::Bytes* value = message.find(DhcpCode::kMessageType);
    if (value == nullptr) {
        return base::error("no message type");
    }
    const uint8_t type = value->size() == 1 ? std::to_integer<uint8_t>(value->front()) : 0;
    if (type < static_cast<uint8_t>(DhcpType::kDiscover) ||
        type > static_cast<uint8_t>(DhcpType::kInform)) {
        return malformed(DhcpCode::kMessageType);
    }
    message.type = DhcpType{type};
    std::erase_if(message.options,
                  [](const DhcpOption& o) { return o.code == DhcpCode::kMessageType; });
    return base::done();
}

/// The option as one T; none where it is absent.
template <base::WireType T>
base::Result<std::optional<T>> take(const DhcpMessage& message, DhcpCode code) {
    const base::Bytes* value = message.find(code);
    if (value == nullptr) {
        return std::optional<T>();
    }
    if (value->size() != sizeof(T)) {
        return malformed(code);
    }
    return base::Reader(*value).take<T>();
}

/// The option as a list of IPv4 addresses; empty where it is absent.
base::Result<std::vector<IpAddress>> take_addresses(const DhcpMessage& message, DhcpCode code) {
    std::vector<IpAddress> addresses;
    if (const base::Bytes* value = message.find(code)) {
        base::Reader reader(*value);
        while (const auto address = reader.take<be32>()) {
            addresses.push_back(IpAddress::from_v4(*address));
        }
        if (reader.remaining() != 0 || addresses.empty()) {
            return malformed(code);
        }
    }
    return addresses;
}

/// Some servers count a final NUL as text.
std::string take_text(const DhcpMessage& message, DhcpCode code) {
    const base::Bytes* value = message.find(code);
    if (value == nullptr) {
        return {};
    }
    const std::string_view text = base::text_of(*value);
    return std::string(text.substr(0, text.find_last_not_of('\0') + 1));
}

/// A name that goes into files and logs must be plain; one that is not is as good as none.
std::string take_name(const DhcpMessage& message, DhcpCode code) {
    std::string name = take_text(message, code);
    const bool plain = std::ranges::all_of(name, [](char c) { return c > ' ' && c < 0x7f; });
    return plain ? name : std::string();
}

base::Result<uint8_t> prefix_length_of(const DhcpMessage& message) {
    TRY(const auto mask, take<be32>(message, DhcpCode::kSubnetMask));
    if (!mask) {
        return implied_prefix_length(message.yiaddr);
    }
    const auto length = parse_prefix_length(IpAddress::from_v4(*mask).text(), false);
    if (!length) {
        return malformed(DhcpCode::kSubnetMask);
    }
    return *length;
}

/// RFC 3442, "Classless Route Option Format": width, the destination's significant octets, router.
base::Result<std::vector<Route>> parse_classless_routes(base::ByteView value) {
    std::vector<Route> routes;
    base::Reader reader(value);
    while (const auto width = reader.take<uint8_t>()) {
        const auto significant = reader.take_bytes((*width + 7U) / 8U);
        const auto router = significant ? reader.take<be32>() : std::nullopt;
        if (*width > 32 || !router) {
            return malformed(DhcpCode::kClasslessRoutes);
        }
        Route route;
        route.destination.prefix_length = *width;
        std::memcpy(route.destination.address.octets.data(), significant->data(),
                    significant->size());
        route.destination = route.destination.network();
        if (*router != 0) {
            route.gateway = IpAddress::from_v4(*router);
        }
        routes.push_back(route);
    }
    if (routes.empty()) {
        return malformed(DhcpCode::kClasslessRoutes);
    }
    return routes;
}

base::Result<std::vector<Route>> routes_of(const DhcpMessage& message) {
    if (const base::Bytes* value = message.find(DhcpCode::kClasslessRoutes)) {
        return parse_classless_routes(*value);
    }
    TRY(const auto routers, take_addresses(message, DhcpCode::kRouter));
    std::vector<Route> routes;
    if (!routers.empty() && !routers.front().is_unspecified()) {
        routes.push_back({Subnet{}, routers.front()});
    }
    return routes;
}

base::Status set_times(Lease& lease, const DhcpMessage& message) {
    TRY(const auto duration, take<be32>(message, DhcpCode::kLeaseTime));
    TRY(const auto t1, take<be32>(message, DhcpCode::kRenewalTime));
    TRY(const auto t2, take<be32>(message, DhcpCode::kRebindingTime));
    if (!duration || *duration == 0) {
        return base::error("no lease time");
    }
    // RFC 2131, section 4.4.5: half and seven eighths of the lease, unless the server knows better.
    const uint64_t whole = *duration;
    const uint64_t rebind = t2 && *t2 < whole ? uint64_t{*t2} : whole * 7 / 8;
    const uint64_t renew = t1 && *t1 < rebind ? uint64_t{*t1} : std::min(whole / 2, rebind);
    lease.duration = base::seconds(whole);
    lease.t1 = base::seconds(renew);
    lease.t2 = base::seconds(rebind);
    return base::done();
}

}  // namespace

const base::Bytes* DhcpMessage::find(DhcpCode code) const {
    const auto option = std::ranges::find(options, code, &DhcpOption::code);
    return option == options.end() ? nullptr : &option->value;
}

void DhcpMessage::add(DhcpCode code, base::ByteView value) {
    auto option = std::ranges::find(options, code, &DhcpOption::code);
    if (option == options.end()) {
        option = options.insert(options.end(), DhcpOption{code, {}});
    }
    base::Writer(option->value).put_bytes(value);
}

base::Bytes build_dhcp(const DhcpMessage& message) {
    Header header;
    header.op = message.reply ? kBootReply : kBootRequest;
    header.xid = message.xid;
    header.secs = message.secs;
    header.yiaddr = message.yiaddr.v4();
    header.chaddr = message.chaddr;

    base::Bytes bytes;
    base::Writer writer(bytes);
    const auto put_option = [&](DhcpCode code, base::ByteView value) {
        do {
            const base::ByteView piece = value.first(std::min(value.size(), kLongestPiece));
            writer.put(RawOption{static_cast<uint8_t>(code), static_cast<uint8_t>(piece.size())});
            writer.put_bytes(piece);
            value = value.subspan(piece.size());
        } while (!value.empty());
    };
    writer.put(header);
    put_option(DhcpCode::kMessageType, base::bytes_of(message.type));
    for (const DhcpOption& option : message.options) {
        put_option(option.code, option.value);
    }
    writer.put(DhcpCode::kEnd);
    writer.put_zeros(kSmallestMessage - std::min(bytes.size(), kSmallestMessage));
    return bytes;
}

base::Result<DhcpMessage> parse_dhcp(base::ByteView bytes) {
    base::Reader reader(bytes);
    const auto header = reader.take<Header>();
    if (!header || header->magic != kMagic) {
        return base::error("not a DHCP message");
    }
    if ((header->op != kBootRequest && header->op != kBootReply) || header->htype != kEthernet ||
        header->hlen != sizeof(MacAddress)) {
        return base::error("not a DHCP message for Ethernet");
    }
    DhcpMessage message;
    message.reply = header->op == kBootReply;
    message.xid = header->xid;
    message.secs = header->secs;
    message.yiaddr = IpAddress::from_v4(header->yiaddr);
    message.chaddr = header->chaddr;
    TRY_VOID(parse_options(message, reader.take_rest()));
    TRY_VOID(parse_overloaded(message, *header));
    TRY_VOID(take_type(message));
    return message;
}

base::Result<Lease> lease_of(const DhcpMessage& message) {
    if (!message.yiaddr.is_host_address()) {
        return base::error("no host can have the address " + message.yiaddr.text());
    }
    Lease lease;
    TRY(const auto server, take<be32>(message, DhcpCode::kServerId));
    if (!server) {
        return base::error("no server identifier");
    }
    lease.server = IpAddress::from_v4(*server);
    TRY(const uint8_t prefix_length, prefix_length_of(message));
    lease.address = {message.yiaddr, prefix_length};
    TRY(const auto broadcast, take<be32>(message, DhcpCode::kBroadcast));
    if (broadcast) {
        lease.broadcast = IpAddress::from_v4(*broadcast);
    }
    TRY_VOID(set_times(lease, message));
    TRY(lease.routes, routes_of(message));
    TRY(lease.dns, take_addresses(message, DhcpCode::kDnsServers));
    TRY(const auto mtu, take<be16>(message, DhcpCode::kMtu));
    if (mtu && *mtu >= kSmallestMtu) {
        lease.mtu = *mtu;
    }
    lease.hostname = take_name(message, DhcpCode::kHostName);
    lease.domain = take_name(message, DhcpCode::kDomainName);
    lease.root_path = take_text(message, DhcpCode::kRootPath);
    return lease;
}

std::string dhcp_text(const DhcpMessage& message) {
    const std::string text = take_text(message, DhcpCode::kText);
    return text.empty() ? text : base::quoted(text);
}

}  // namespace boot
