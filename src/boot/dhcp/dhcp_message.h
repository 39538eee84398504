// SPDX-License-Identifier: GPL-2.0-or-later
//
// The wire form of DHCPv4: RFC 2131, section 2 "Protocol Summary", figure 1, and the options of
// RFC 2132. A message is a fixed header, four magic bytes and options of code, length, value:
//
//   op htype hlen hops | xid | secs flags | ciaddr | yiaddr | siaddr | giaddr | chaddr(16)
//   sname(64) | file(128) | 63 82 53 63 | 53 01 05 | 51 04 … | … | 255
//
// Options may run over into `file` and `sname` (option 52), and a long option may be sent in pieces
// under one code, to be joined in that order (RFC 3396).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "boot/dhcp/ip_address.h"
#include "boot/dhcp/lease.h"

namespace boot {

enum class DhcpType : uint8_t {
    kDiscover = 1,
    kOffer = 2,
    kRequest = 3,
    kDecline = 4,
    kAck = 5,
    kNak = 6,
    kRelease = 7,
    kInform = 8,
};

/// The options that we send or read.
enum class DhcpCode : uint8_t {
    kPad = 0,
    kSubnetMask = 1,
    kRouter = 3,
    kDnsServers = 6,
    kHostName = 12,
    kDomainName = 15,
    kRootPath = 17,
    kMtu = 26,
    kBroadcast = 28,
    kRequestedAddress = 50,
    kLeaseTime = 51,
    kOverload = 52,
    kMessageType = 53,
    kServerId = 54,
    kParameterList = 55,
    kText = 56,
    kMaximumSize = 57,
    kRenewalTime = 58,
    kRebindingTime = 59,
    kVendorClass = 60,
    kClientId = 61,
    kClasslessRoutes = 121,
    kEnd = 255,
};

struct DhcpOption {
    DhcpCode code;
    base::Bytes value;
};

struct DhcpMessage {
    bool reply = false;
    DhcpType type = DhcpType::kDiscover;
    uint32_t xid = 0;
    /// Seconds since the client began.
    uint16_t secs = 0;
    /// The address being offered or granted.
    IpAddress yiaddr;
    MacAddress chaddr;
    /// Each code once, kMessageType not among them.
    std::vector<DhcpOption> options;

    /// Null if the option is absent.
    [[nodiscard]] const base::Bytes* find(DhcpCode code) const;
    void add(DhcpCode code, base::ByteView value);
};

/// At least 300 bytes, as BOOTP relays expect.
base::Bytes build_dhcp(const DhcpMessage& message);

/// @param bytes  the payload of one UDP datagram
/// @return an error for anything that is not Ethernet DHCP: short, no magic, no or unknown type, an
///         option that runs past its field. A missing end option is accepted.
base::Result<DhcpMessage> parse_dhcp(base::ByteView bytes);

/// The lease that an offer or an acknowledgement grants.
/// @return an error that names the option if a value we would use is malformed, or the address,
///         server or lease time is missing.
base::Result<Lease> lease_of(const DhcpMessage& message);

/// The server's message (option 56), quoted; empty if there is none.
std::string dhcp_text(const DhcpMessage& message);

}  // namespace boot
