// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/dhcp/ip_address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/endian.h"
#include "base/text.h"

namespace boot {

namespace {

constexpr size_t kLongestAddress = INET6_ADDRSTRLEN;

uint32_t mask_of(uint8_t prefix_length) {
    return prefix_length == 0 ? 0 : UINT32_MAX << (32U - prefix_length);
}

}  // namespace

base::Result<IpAddress> IpAddress::parse(std::string_view text) {
    std::string_view inner = text;
    if (inner.size() > 2 && inner.front() == '[' && inner.back() == ']') {
        inner = inner.substr(1, inner.size() - 2);
        if (inner.find(':') == std::string_view::npos) {
            return base::error("not an IPv6 address: " + base::quoted(text));
        }
    }
    IpAddress address;
    address.v6 = inner.find(':') != std::string_view::npos;
    if (inner.size() >= kLongestAddress ||
        inet_pton(address.v6 ? AF_INET6 : AF_INET, std::string(inner).c_str(),
                  address.octets.data()) != 1) {
        return base::error("not an IP address: " + base::quoted(text));
    }
    return address;
}

IpAddress IpAddress::from_v4(uint32_t host_order) {
    IpAddress address;
    const base::be32 wire = host_order;
    std::memcpy(address.octets.data(), &wire, sizeof(wire));
    return address;
}

std::optional<IpAddress> IpAddress::from_bytes(base::ByteView wire) {
    if (wire.size() != 4 && wire.size() != 16) {
        return std::nullopt;
    }
    IpAddress address;
    address.v6 = wire.size() == 16;
    std::memcpy(address.octets.data(), wire.data(), wire.size());
    return address;
}

std::string IpAddress::text() const {
    char buffer[INET6_ADDRSTRLEN];
    return inet_ntop(v6 ? AF_INET6 : AF_INET, octets.data(), buffer, sizeof(buffer));
}

base::ByteView IpAddress::bytes() const {
    return std::as_bytes(std::span(octets)).first(v6 ? 16 : 4);
}

uint32_t IpAddress::v4() const {
    base::be32 wire;
    std::memcpy(&wire, octets.data(), sizeof(wire));
    return wire;
}

bool IpAddress::is_unspecified() const {
    return std::ranges::all_of(octets, [](uint8_t octet) { return octet == 0; });
}

bool IpAddress::is_link_local() const {
    return v6 ? octets[0] == 0xfe && (octets[1] & 0xc0U) == 0x80
              : octets[0] == 169 && octets[1] == 254;
}

bool IpAddress::is_host_address() const {
    if (v6) {
        const bool loopback = *this == IpAddress::parse("::1").value();
        return !is_unspecified() && !loopback && octets[0] != 0xff;
    }
    return octets[0] != 0 && octets[0] != 127 && octets[0] < 224;
}

base::Result<Subnet> Subnet::parse(std::string_view text) {
    const size_t slash = text.find('/');
    TRY(const IpAddress address, IpAddress::parse(text.substr(0, slash)));
    if (slash == std::string_view::npos) {
        return Subnet{address, address.bits()};
    }
    TRY(const uint8_t length, parse_prefix_length(text.substr(slash + 1), address.v6));
    return Subnet{address, length};
}

std::string Subnet::text() const {
    return base::format("%s/%u", address.text().c_str(), unsigned{prefix_length});
}

bool Subnet::contains(const IpAddress& other) const {
    return address.v6 == other.v6 && network() == Subnet{other, prefix_length}.network();
}

Subnet Subnet::network() const {
    Subnet result = *this;
    for (unsigned bit = prefix_length; bit < address.bits(); ++bit) {
        result.address.octets[bit / 8] &= static_cast<uint8_t>(~(0x80U >> (bit % 8)));
    }
    return result;
}

std::optional<IpAddress> Subnet::broadcast() const {
    if (address.v6 || prefix_length > 30) {
        return std::nullopt;
    }
    return IpAddress::from_v4(address.v4() | ~mask_of(prefix_length));
}

base::Result<uint8_t> parse_prefix_length(std::string_view text, bool v6) {
    if (!v6 && text.find('.') != std::string_view::npos) {
        TRY(const IpAddress mask, IpAddress::parse(text));
        const auto length = static_cast<uint8_t>(std::countl_one(mask.v4()));
        if (mask.v4() != mask_of(length)) {
            return base::error("not a netmask: " + base::quoted(text));
        }
        return length;
    }
    const auto number = base::parse_u64(text, v6 ? 128 : 32);
    if (!number) {
        return base::error("not a netmask or prefix length: " + base::quoted(text));
    }
    return static_cast<uint8_t>(*number);
}

uint8_t implied_prefix_length(const IpAddress& address) {
    if (address.v6) {
        return 64;
    }
    if (address.octets[0] < 128) {
        return 8;
    }
    return address.octets[0] < 192 ? 16 : 24;
}

base::Result<MacAddress> MacAddress::parse(std::string_view text) {
    MacAddress mac;
    const char separator = text.find('-') == std::string_view::npos ? ':' : '-';
    const auto pairs = base::split(text, separator);
    bool good = pairs.size() == mac.octets.size();
    for (size_t i = 0; good && i < pairs.size(); ++i) {
        const auto octet = base::from_hex(pairs[i]);
        good = octet && octet->size() == 1;
        if (good) {
            mac.octets[i] = std::to_integer<uint8_t>(octet->front());
        }
    }
    if (!good) {
        return base::error("not an Ethernet address: " + base::quoted(text));
    }
    return mac;
}

std::string MacAddress::text() const {
    return base::format("%02x:%02x:%02x:%02x:%02x:%02x", octets[0], octets[1], octets[2], octets[3],
                        octets[4], octets[5]);
}

}  // namespace boot
