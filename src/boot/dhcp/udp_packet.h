// SPDX-License-Identifier: GPL-2.0-or-later
//
// IPv4 and UDP headers around a payload: RFC 791, section 3.1 "Internet Header Format", and RFC
// 768. An interface without an address cannot use the kernel's UDP, so DHCP carries its own.
#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"

namespace boot {

/// A packet from 0.0.0.0 to 255.255.255.255, which is what a host without an address sends.
/// @param payload  at most 65507 bytes
base::Bytes build_broadcast(uint16_t source_port, uint16_t destination_port,
                            base::ByteView payload);

/// The payload of a whole, undamaged UDP packet to `port`; nothing for anything else.
/// @param packet             from the IP header on; bytes after its total length are padding
/// @param checksum_is_valid  false if the sender left the UDP checksum to hardware that the
///                           packet never met: a virtual machine's host, or the peer of a veth
std::optional<base::ByteView> parse_udp(base::ByteView packet, uint16_t port,
                                        bool checksum_is_valid);

}  // namespace boot
