// SPDX-License-Identifier: GPL-2.0-or-later
//
// The address of a disk in one line, as a boot loader, DHCP's root-path option and our own
// configuration write it:
//
//   nvme+tcp://192.0.2.10:4420/nqn.2024-08.com.example:my-disk/1
//   NVME+TCP://[2001:db8::10]/nqn.2024-08.com.example:my-disk/urn:uuid:0a1b2c3d-…
//   nvme+tcp://[fe80::10%25eth0]/nqn.2014-08.org.nvmexpress.discovery/
//
// Boot Specification 1.0: 1.5.7 "NVMe-oF URI Format", 3.1.2.5.3 "DHCP Root-Path"; RFC 3986.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "base/result.h"
#include "nvme/nqn.h"

namespace nvme {

/// How a namespace is identified: by its number or by one of its identifiers; or not at all, then
/// there must be exactly one.
using NamespaceId = std::variant<std::monostate, uint32_t, Uuid, Nguid, Eui64>;

/// NSID as a decimal or 0x number (1 to FFFFFFFEh); UUID as 8-4-4-4-12, also behind `urn:uuid:` or
/// `uuid:`; NGUID as 32 digits, also behind `nguid:`; EUI-64 as 16 digits, also behind `eui64:`.
base::Result<NamespaceId> parse_namespace_id(std::string_view text);
/// `1`, `uuid:…`, `nguid:…`, `eui64:…`; empty for none.
std::string to_text(const NamespaceId& id);

struct Uri {
    std::string host;       ///< IPv4 or IPv6 address (without brackets) or a DNS name
    std::string zone;       ///< of a link-local IPv6 address: an interface; else empty
    uint16_t port = 0;      ///< 4420, or 8009 for the discovery NQN, where the URI names none
    std::string subsysnqn;  ///< the discovery NQN where the URI has no path
    NamespaceId nid;

    /// Errors name the part: scheme, user, host, port, NQN, namespace, query.
    static base::Result<Uri> parse(std::string_view text);
    [[nodiscard]] bool is_discovery() const { return subsysnqn == kDiscoveryNqn; }
    /// `host:port`, `[address%zone]:port`.
    [[nodiscard]] std::string portal() const;
    /// The whole URI, with its port.
    [[nodiscard]] std::string text() const;
    bool operator==(const Uri&) const = default;
};

}  // namespace nvme
