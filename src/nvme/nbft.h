// SPDX-License-Identifier: GPL-2.0-or-later
//
// The NVMe Boot Firmware Table: what the firmware that booted this machine over NVMe/TCP tells the
// system behind it, in an ACPI table. Firmware writes it and anybody may have, so it is input like
// any other: nothing in it is believed before it is checked.
//
//     header (ACPI) ── control ─┬─ host           NQN and identifier
//                               ├─ HFI list       an interface: MAC, address, gateway, VLAN
//                               ├─ SSNS list      a namespace: address, port, NQN, identifier
//                               ├─ security list  what a connection must prove
//                               └─ discovery list where to ask
//     heap: strings, addresses and lists, each named by offset and length
//
// Boot Specification 1.0: 3.1 "NVMe Boot Firmware Table (NBFT)". nvmeroot(8) has a table of what is
// made of each field.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "nvme/dhchap.h"
#include "nvme/uri.h"

namespace nvme {

/// An address: 4 or 16 bytes, or none for none. (The table has IPv4 in its IPv6-mapped form, and
/// zeros for none.)
using NbftAddress = base::Bytes;

struct Nbft {
    struct Host {
        std::string nqn;  ///< empty: none
        /// As a GUID, whose first three fields are little endian. Some firmware writes all of it
        /// big endian: in_other_byte_order().
        std::optional<HostId> id;
        /// Of several tables: 0 nothing said, 1 another one goes before, 2 this one does.
        unsigned selection = 0;
    };
    /// The source of an address of the firmware.
    enum class Origin { kGiven, kDhcp, kRouter };
    struct Interface {
        unsigned index = 0;
        std::array<std::byte, 6> mac{};
        uint16_t vlan = 0;  ///< 0: none
        Origin origin = Origin::kGiven;
        NbftAddress address;
        uint8_t prefix_length = 0;
        NbftAddress gateway;
        bool is_default_route = false;
        uint16_t metric = 0;  ///< of its routes, lower ones are preferred; 0: none
        std::vector<NbftAddress> dns;
        std::string host_name;
    };
    struct Security {
        unsigned index = 0;
        bool dhchap_excluded = false;  ///< by a list of protocols that does not have it
        bool secure_channel_required = false;
        /// Absent: not restricted. Numbers that this program does not know are left out.
        std::optional<std::vector<HashId>> hashes;
        std::optional<std::vector<DhGroup>> groups;
    };
    struct Subsystem {
        unsigned index = 0;
        bool bootable = true;
        NbftAddress address;
        uint16_t port = 0;
        std::string nqn;
        NamespaceId nid;    ///< the identifier where there is one, else the NSID
        uint32_t nsid = 0;  ///< 0: none
        std::vector<unsigned> interfaces;
        std::optional<unsigned> security;  ///< the profile's index, which may be in no list
        bool header_digest = false;
        bool data_digest = false;
    };
    struct Discovery {
        unsigned index = 0;
        std::string uri;
        std::optional<unsigned> interface {};  ///< that leads to it
        std::optional<unsigned> security{};    ///< the profile's index, which may be in no list
    };

    Host host;
    std::vector<Interface> interfaces;
    std::vector<Security> security;
    std::vector<Subsystem> subsystems;
    std::vector<Discovery> discovery;
    /// The unusable entries, with the reasons: `SSNS 2: its port is "x"`.
    std::vector<std::string> left_out;
};

/// The identifier that the same bytes are, read the other way.
HostId in_other_byte_order(const HostId& id);

/// Errors, each a sentence, are of the table as a whole: another signature, length, checksum or
/// revision, a heap outside it. An element that is malformed, or of another transport than TCP, is
/// left out and named; those that are not marked as valid are not there.
base::Result<Nbft> parse_nbft(base::ByteView table);

}  // namespace nvme
