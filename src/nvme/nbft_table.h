// SPDX-License-Identifier: GPL-2.0-or-later
//
// The NVMe Boot Firmware Table as it lies in memory: structures of bytes, read where they stand.
//
// Boot Specification 1.0: 3.1 "NVMe Boot Firmware Table (NBFT)".
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "nvme/types.h"

namespace nvme {

using NbftOctets = std::array<std::byte, 16>;

/// A part of the heap.
struct NbftHeapRef {
    le32 offset;
    le16 length;
};

struct NbftHeader {
    std::array<char, 4> signature;
    le32 length;
    uint8_t major_revision;
    uint8_t check_sum;
    std::array<uint8_t, 26> acpi;  ///< OEM and creator
    le32 heap_offset;
    le32 heap_length;
    NbftHeapRef driver;
    uint8_t minor_revision;
    std::array<uint8_t, 13> reserved;
};
static_assert(sizeof(NbftHeader) == 64 && offsetof(NbftHeader, heap_offset) == 36);

/// A list of descriptors of one size.
struct NbftListRef {
    le32 offset;
    le16 length;  ///< of each
    uint8_t version;
    uint8_t count;
};

struct NbftControl {
    uint8_t structure_id;
    uint8_t major_revision;
    uint8_t minor_revision;
    uint8_t reserved_3;
    le16 length;
    uint8_t flags;
    uint8_t reserved_7;
    NbftHeapRef host;
    uint8_t host_version;
    uint8_t reserved_15;
    NbftListRef interfaces;
    NbftListRef subsystems;
    NbftListRef security;
    NbftListRef discovery;
    std::array<uint8_t, 16> reserved_48;
};
static_assert(sizeof(NbftControl) == 64 && offsetof(NbftControl, interfaces) == 16);

struct NbftHostEntry {
    static constexpr uint8_t kId = 2;
    static constexpr unsigned kSelectionShift = 3;
    static constexpr unsigned kSelectionMask = 3U << kSelectionShift;
    uint8_t structure_id;
    uint8_t flags;
    NbftOctets id;
    NbftHeapRef nqn;
    std::array<uint8_t, 8> reserved;
};
static_assert(sizeof(NbftHostEntry) == 32);

struct NbftInterfaceEntry {
    static constexpr uint8_t kId = 3;
    uint8_t structure_id;
    uint8_t index;
    uint8_t flags;
    uint8_t transport;
    std::array<uint8_t, 12> reserved_4;
    NbftHeapRef info;
    std::array<uint8_t, 10> reserved_22;
};
static_assert(sizeof(NbftInterfaceEntry) == 32);

struct NbftSubsystemEntry {
    static constexpr uint8_t kId = 4;
    static constexpr uint16_t kNotBootable = 1U << 1U;
    static constexpr uint16_t kUseSecurity = 1U << 2U;
    uint8_t structure_id;
    le16 index;
    le16 flags;
    uint8_t transport;
    le16 transport_flags;
    uint8_t discovery_index;
    uint8_t reserved_9;
    NbftHeapRef address;
    NbftHeapRef service;
    le16 port_id;
    le32 nsid;
    uint8_t nid_type;
    NbftOctets nid;
    uint8_t security_index;
    uint8_t interface_index;
    uint8_t reserved_47;
    NbftHeapRef more_interfaces;
    NbftHeapRef nqn;
    NbftHeapRef extended;
    std::array<uint8_t, 62> reserved_66;
};
static_assert(sizeof(NbftSubsystemEntry) == 128 && offsetof(NbftSubsystemEntry, nid) == 29);

struct NbftSecurityEntry {
    static constexpr uint8_t kId = 5;
    static constexpr uint16_t kProtocolsRestricted = 3U << 3U;
    static constexpr uint16_t kChannelMask = 3U << 5U;
    static constexpr uint16_t kChannelRequired = 2U << 5U;
    static constexpr uint16_t kGroupsRestricted = 1U << 10U;
    static constexpr uint16_t kHashesRestricted = 1U << 11U;
    uint8_t structure_id;
    uint8_t index;
    le16 flags;
    uint8_t secret_type;
    uint8_t reserved_5;
    NbftHeapRef channel_algorithms;
    NbftHeapRef protocols;
    NbftHeapRef cipher_suites;
    NbftHeapRef groups;
    NbftHeapRef hashes;
    NbftHeapRef key_path;
    std::array<uint8_t, 22> reserved_42;
};
static_assert(sizeof(NbftSecurityEntry) == 64);

struct NbftDiscoveryEntry {
    static constexpr uint8_t kId = 6;
    uint8_t structure_id;
    uint8_t flags;
    uint8_t index;
    uint8_t interface_index;
    uint8_t security_index;
    uint8_t reserved_5;
    NbftHeapRef uri;
    NbftHeapRef nqn;
    std::array<uint8_t, 14> reserved_18;
};
static_assert(sizeof(NbftDiscoveryEntry) == 32);

struct NbftTcpInfo {
    static constexpr uint8_t kId = 7;
    static constexpr uint8_t kGlobalRoute = 1U << 1U;
    static constexpr uint8_t kDhcpOverride = 1U << 2U;
    uint8_t structure_id;
    uint8_t version;
    uint8_t transport;
    uint8_t transport_version;
    le16 interface_index;
    uint8_t flags;
    le32 pci;
    std::array<std::byte, 6> mac;
    le16 vlan;
    uint8_t ip_origin;
    NbftOctets address;
    uint8_t prefix_length;
    NbftOctets gateway;
    uint8_t reserved_53;
    le16 route_metric;
    NbftOctets primary_dns;
    NbftOctets secondary_dns;
    NbftOctets dhcp_server;
    NbftHeapRef host_name;
    std::array<uint8_t, 18>
        reserved_110;  ///< revision 1.1 has something here, which nobody fills in
};
static_assert(sizeof(NbftTcpInfo) == 128 && offsetof(NbftTcpInfo, mac) == 11);
static_assert(offsetof(NbftTcpInfo, address) == 20 && offsetof(NbftTcpInfo, host_name) == 104);

}  // namespace nvme
