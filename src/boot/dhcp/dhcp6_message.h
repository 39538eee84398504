// SPDX-License-Identifier: GPL-2.0-or-later
//
// The wire form of DHCPv6: RFC 8415, section 8 "Client/Server Message Formats" and section 21
// "DHCP Options":
//
//   type(1) transaction(3) | code(2) length(2) value | code length value | …
//
// An address is two levels down: option IA_NA holds option IAADDR.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "boot/dhcp/ip_address.h"
#include "boot/dhcp/lease.h"

namespace boot {

enum class Dhcp6Type : uint8_t {
    kSolicit = 1,
    kAdvertise = 2,
    kRequest = 3,
    kReply = 7,
    kInformationRequest = 11,
};

enum class Dhcp6Code : uint16_t {
    kClientId = 1,
    kServerId = 2,
    kIaNa = 3,
    kIaAddress = 5,
    kOptionRequest = 6,
    kElapsedTime = 8,
    kStatus = 13,
    kRapidCommit = 14,
    kDnsServers = 23,
    kDomainList = 24,
    kBootFileUrl = 59,
};

/// How the client identifies itself to the server.
struct Dhcp6Identity {
    base::Bytes duid;  ///< DUID-LL, RFC 8415 section 11.4, of the Ethernet address
    uint32_t iaid = 0;
};
Dhcp6Identity dhcp6_identity(const MacAddress& mac);

struct Dhcp6Request {
    Dhcp6Type type = Dhcp6Type::kSolicit;
    uint32_t transaction = 0;  ///< 24 bits
    uint16_t elapsed_centiseconds = 0;
    base::Bytes server_id;             ///< kRequest
    std::optional<IpAddress> address;  ///< kRequest
};
base::Bytes build_dhcp6(const Dhcp6Request& request, const Dhcp6Identity& identity);

/// An answer of a server.
struct Dhcp6Answer {
    Dhcp6Type type = Dhcp6Type::kReply;
    uint32_t transaction = 0;
    base::Bytes client_id;
    base::Bytes server_id;
    bool rapid_commit = false;
    std::string refusal;          ///< a status other than success; empty without one
    std::optional<Lease6> lease;  ///< the address offered or granted
    std::vector<IpAddress> dns;
    std::string domain;
    std::string boot_file_url;
};

/// @param iaid  addresses for another IAID are ignored
/// @return an error if the message is not an advertisement or reply, or is malformed
base::Result<Dhcp6Answer> parse_dhcp6(base::ByteView message, uint32_t iaid);

}  // namespace boot
