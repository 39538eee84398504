// SPDX-License-Identifier: GPL-2.0-or-later
//
// Internet and Ethernet addresses as values, and their text forms. Nothing here touches the
// network.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace boot {

/// An IPv4 or IPv6 address; a fresh one is 0.0.0.0.
struct IpAddress {
    bool v6 = false;
    /// Network order; IPv4 fills the first four bytes and leaves the others zero.
    std::array<uint8_t, 16> octets{};

    /// Dotted quad, or IPv6 text with or without square brackets. Zone names (%eth0) are refused.
    static base::Result<IpAddress> parse(std::string_view text);
    static IpAddress from_v4(uint32_t host_order);
    /// @param wire  4 or 16 bytes
    static std::optional<IpAddress> from_bytes(base::ByteView wire);

    [[nodiscard]] std::string text() const;
    [[nodiscard]] uint8_t bits() const { return v6 ? 128 : 32; }
    [[nodiscard]] base::ByteView bytes() const;
    /// The address as a number. REQUIRES: !v6
    [[nodiscard]] uint32_t v4() const;
    [[nodiscard]] bool is_unspecified() const;
    [[nodiscard]] bool is_link_local() const;
    /// Not loopback, multicast or unspecified, and not IPv4's limited broadcast: fit for a host.
    [[nodiscard]] bool is_host_address() const;

    bool operator==(const IpAddress&) const = default;
};

/// An address with the length of its network part: 192.0.2.10/24.
struct Subnet {
    IpAddress address;
    uint8_t prefix_length = 0;

    /// ADDRESS/LENGTH; IPv4 also takes ADDRESS/NETMASK; without a slash, the address of one host.
    static base::Result<Subnet> parse(std::string_view text);

    [[nodiscard]] std::string text() const;
    [[nodiscard]] bool contains(const IpAddress& other) const;
    /// The same with the host part zero, as a route's destination must be.
    [[nodiscard]] Subnet network() const;
    /// The directed broadcast address; none for IPv6 and for prefixes of 31 and 32 bits.
    [[nodiscard]] std::optional<IpAddress> broadcast() const;

    bool operator==(const Subnet&) const = default;
};

/// A number up to the address width, or for IPv4 a contiguous dotted netmask.
base::Result<uint8_t> parse_prefix_length(std::string_view text, bool v6);

/// The network length that an IPv4 address had before CIDR (8, 16 or 24), which the kernel's ip=
/// and DHCP servers without option 1 still imply; 64 for IPv6.
uint8_t implied_prefix_length(const IpAddress& address);

/// An Ethernet address.
struct MacAddress {
    std::array<uint8_t, 6> octets{};

    /// Six hexadecimal pairs between colons or between dashes.
    static base::Result<MacAddress> parse(std::string_view text);

    [[nodiscard]] std::string text() const;
    [[nodiscard]] base::ByteView bytes() const { return std::as_bytes(std::span(octets)); }

    bool operator==(const MacAddress&) const = default;
};

}  // namespace boot
