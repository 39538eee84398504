// SPDX-License-Identifier: GPL-2.0-or-later
#include "nvme/nbft.h"

#include <algorithm>
#include <cstddef>
#include <numeric>

#include "base/endian.h"
#include "base/text.h"

namespace nvme {
namespace {

using base::ByteView;
using base::error;
using base::le16;
using base::le32;
using base::Result;

using Octets = std::array<std::byte, 16>;

constexpr size_t kMaxTable = 1U << 20U;
constexpr uint8_t kTcp = 3;
constexpr uint8_t kDhChap = 1;
constexpr uint8_t kOriginDhcp = 3;
constexpr uint8_t kOriginRouter = 4;

/// A part of the heap.
struct HeapRef {
    le32 offset;
    le16 length;
};

struct Header {
    std::array<char, 4> signature;
    le32 length;
    uint8_t major_revision;
    uint8_t check_sum;
    std::array<uint8_t, 26> acpi;  ///< OEM and creator
    le32 heap_offset;
    le32 heap_length;
    HeapRef driver;
    uint8_t minor_revision;
    std::array<uint8_t, 13> reserved;
};
static_assert(sizeof(Header) == 64 && offsetof(Header, heap_offset) == 36);

/// A list of descriptors of one size.
struct ListRef {
    le32 offset;
    le16 length;  ///< of each
    uint8_t version;
    uint8_t count;
};

struct Control {
    uint8_t structure_id;
    uint8_t major_revision;
    uint8_t minor_revision;
    uint8_t reserved_3;
    le16 length;
    uint8_t flags;
    uint8_t reserved_7;
    HeapRef host;
    uint8_t host_version;
    uint8_t reserved_15;
    ListRef interfaces;
    ListRef subsystems;
    ListRef security;
    ListRef discovery;
    std::array<uint8_t, 16> reserved_48;
};
static_assert(sizeof(Control) == 64 && offsetof(Control, interfaces) == 16);

struct HostEntry {
    static constexpr uint8_t kId = 2;
    static constexpr unsigned kSelectionShift = 3;
    static constexpr unsigned kSelectionMask = 3U << kSelectionShift;
    uint8_t structure_id;
    uint8_t flags;
    Octets id;
    HeapRef nqn;
    std::array<uint8_t, 8> reserved;
};
static_assert(sizeof(HostEntry) == 32);

struct InterfaceEntry {
    static constexpr uint8_t kId = 3;
    uint8_t structure_id;
    uint8_t index;
    uint8_t flags;
    uint8_t transport;
    std::array<uint8_t, 12> reserved_4;
    HeapRef info;
    std::array<uint8_t, 10> reserved_22;
};
static_assert(sizeof(InterfaceEntry) == 32);

struct SubsystemEntry {
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
    HeapRef address;
    HeapRef service;
    le16 port_id;
    le32 nsid;
    uint8_t nid_type;
    Octets nid;
    uint8_t security_index;
    uint8_t interface_index;
    uint8_t reserved_47;
    HeapRef more_interfaces;
    HeapRef nqn;
    HeapRef extended;
    std::array<uint8_t, 62> reserved_66;
};
static_assert(sizeof(SubsystemEntry) == 128 && offsetof(SubsystemEntry, nid) == 29);

struct SecurityEntry {
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
    HeapRef channel_algorithms;
    HeapRef protocols;
    HeapRef cipher_suites;
    HeapRef groups;
    HeapRef hashes;
    HeapRef key_path;
    std::array<uint8_t, 22> reserved_42;
};
static_assert(sizeof(SecurityEntry) == 64);

struct DiscoveryEntry {
    static constexpr uint8_t kId = 6;
    uint8_t structure_id;
    uint8_t flags;
    uint8_t index;
    uint8_t interface_index;
    uint8_t security_index;
    uint8_t reserved_5;
    HeapRef uri;
    HeapRef nqn;
    std::array<uint8_t, 14> reserved_18;
};
static_assert(sizeof(DiscoveryEntry) == 32);

struct TcpInfo {
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
    Octets address;
    uint8_t prefix_length;
    Octets gateway;
    uint8_t reserved_53;
    le16 route_metric;
    Octets primary_dns;
    Octets secondary_dns;
    Octets dhcp_server;
    HeapRef host_name;
    std::array<uint8_t, 18>
        reserved_110;  ///< revision 1.1 has something here, which nobody fills in
};
static_assert(sizeof(TcpInfo) == 128 && offsetof(TcpInfo, mac) == 11);
static_assert(offsetof(TcpInfo, address) == 20 && offsetof(TcpInfo, host_name) == 104);

constexpr uint16_t kValid = 1;

bool is_zero(ByteView bytes) {
    return std::all_of(bytes.begin(), bytes.end(), [](std::byte b) { return b == std::byte{0}; });
}

NbftAddress address_of(const Octets& octets) {
    ByteView bytes = octets;
    if (is_zero(bytes.first(10)) && bytes[10] == std::byte{0xFF} && bytes[11] == std::byte{0xFF}) {
        bytes = bytes.subspan(12);
    }
    return is_zero(bytes) ? NbftAddress() : NbftAddress(bytes.begin(), bytes.end());
}

/// The identifier as firmware keeps it: a GUID, whose first three fields are little endian.
Uuid uuid_of_guid(const Octets& guid) {
    Uuid uuid{guid};
    std::reverse(uuid.bytes.begin(), uuid.bytes.begin() + 4);
    std::reverse(uuid.bytes.begin() + 4, uuid.bytes.begin() + 6);
    std::reverse(uuid.bytes.begin() + 6, uuid.bytes.begin() + 8);
    return uuid;
}

class Parser {
  public:
    explicit Parser(ByteView table) : table_(table) {}

    Result<Nbft> run() {
        TRY_VOID(check_header());
        TRY(const Control control, structure<Control>(sizeof(Header), "the control structure"));
        if (control.structure_id != 1 || control.major_revision != 1) {
            return error(base::format("control structure %u of revision %u: 1 and 1 are known",
                                      unsigned{control.structure_id},
                                      unsigned{control.major_revision}));
        }
        TRY_VOID(read_host(control));
        TRY_VOID(read_list<InterfaceEntry>(control.interfaces, "HFI"));
        TRY_VOID(read_list<SubsystemEntry>(control.subsystems, "SSNS"));
        TRY_VOID(read_list<SecurityEntry>(control.security, "security profile"));
        TRY_VOID(read_list<DiscoveryEntry>(control.discovery, "discovery"));
        return std::move(nbft_);
    }

  private:
    base::Status check_header() {
        const auto header = base::Reader(table_).take<Header>();
        if (!header || std::string_view(header->signature.data(), 4) != "NBFT") {
            return error("no table with the signature NBFT");
        }
        const uint32_t length = header->length;
        if (length < sizeof(Header) + sizeof(Control) || length > table_.size() ||
            length > kMaxTable) {
            return error(base::format("it says that it has %u bytes, and there are %zu", length,
                                      table_.size()));
        }
        table_ = table_.first(length);
        const unsigned sum = std::accumulate(
            table_.begin(), table_.end(), 0U,
            [](unsigned all, std::byte byte) { return all + std::to_integer<unsigned>(byte); });
        if ((sum & 0xFFU) != 0) {
            return error("its check sum is wrong");
        }
        if (header->major_revision != 1) {
            return error(base::format("revision %u: 1 is known", unsigned{header->major_revision}));
        }
        heap_begin_ = header->heap_offset;
        if (heap_begin_ > length || header->heap_length > length - heap_begin_) {
            return error("its heap lies outside");
        }
        heap_end_ = heap_begin_ + header->heap_length;
        return base::done();
    }

    template <class T>
    Result<T> structure(size_t offset, const std::string& what) const {
        auto taken = base::Reader(table_.subspan(std::min(offset, table_.size()))).take<T>();
        if (!taken) {
            return error(what + " lies outside");
        }
        return *taken;
    }

    /// An empty view for an empty reference.
    [[nodiscard]] Result<ByteView> heap(const HeapRef& ref, const std::string& what) const {
        const size_t offset = ref.offset;
        const size_t size = ref.length;
        if (size == 0) {
            return ByteView();
        }
        if (offset < heap_begin_ || offset > heap_end_ || size > heap_end_ - offset) {
            return error(what + " lies outside the heap");
        }
        return table_.subspan(offset, size);
    }

    /// Printable ASCII without a space; a NUL ends it.
    [[nodiscard]] Result<std::string> text(const HeapRef& ref, const std::string& what) const {
        TRY(const ByteView bytes, heap(ref, what));
        std::string_view found = base::text_of(bytes);
        found = found.substr(0, found.find('\0'));
        if (std::any_of(found.begin(), found.end(), [](char c) { return c <= ' ' || c > '~'; })) {
            return error(what + " is " + base::quoted(found));
        }
        return std::string(found);
    }

    template <class T>
    base::Status read_list(const ListRef& list, const char* what) {
        for (unsigned i = 0; i < list.count; ++i) {
            const std::string name = std::string(what) + " descriptor " + std::to_string(i + 1);
            if (list.length < sizeof(T)) {
                return error(name + " is too short");
            }
            TRY(const T entry, structure<T>(list.offset + size_t{list.length} * i, name));
            if ((entry.flags & kValid) == 0) {
                continue;
            }
            if (entry.structure_id != T::kId) {
                return error(base::format("%s is structure %u, not %u", name.c_str(),
                                          unsigned{entry.structure_id}, unsigned{T::kId}));
            }
            TRY_VOID(read(entry, name));
        }
        return base::done();
    }

    base::Status read_host(const Control& control) {
        if (control.host.length == 0) {
            return base::done();
        }
        TRY(const auto entry, structure<HostEntry>(control.host.offset, "the host descriptor"));
        if ((entry.flags & kValid) == 0) {
            return base::done();
        }
        if (entry.structure_id != HostEntry::kId) {
            return error("the host descriptor is another structure");
        }
        nbft_.host.selection =
            (entry.flags & HostEntry::kSelectionMask) >> HostEntry::kSelectionShift;
        TRY(nbft_.host.nqn, text(entry.nqn, "the host NQN"));
        if (!nbft_.host.nqn.empty()) {
            TRY_VOID(check_nqn(nbft_.host.nqn));
        }
        if (const Uuid id = uuid_of_guid(entry.id); !id.is_zero()) {
            nbft_.host.id = id;
        }
        return base::done();
    }

    static Nbft::Origin origin_of(const TcpInfo& info) {
        if (info.ip_origin == kOriginDhcp || (info.flags & TcpInfo::kDhcpOverride) != 0) {
            return Nbft::Origin::kDhcp;
        }
        return info.ip_origin == kOriginRouter ? Nbft::Origin::kRouter : Nbft::Origin::kGiven;
    }

    base::Status read(const InterfaceEntry& entry, const std::string& name) {
        if (entry.transport != kTcp) {
            return base::done();
        }
        TRY(const ByteView bytes, heap(entry.info, name + ": its transport information"));
        const auto info = base::Reader(bytes).take<TcpInfo>();
        if (!info || info->structure_id != TcpInfo::kId || info->transport != kTcp) {
            return error(name + ": its transport information is none of TCP");
        }
        if ((info->flags & kValid) == 0) {
            return base::done();
        }
        Nbft::Interface interface;
        interface.index = entry.index;
        interface.mac = info->mac;
        interface.vlan = info->vlan;
        interface.origin = origin_of(*info);
        interface.address = address_of(info->address);
        interface.prefix_length = info->prefix_length;
        interface.gateway = address_of(info->gateway);
        interface.is_default_route = (info->flags & TcpInfo::kGlobalRoute) != 0;
        interface.metric = info->route_metric;
        for (const Octets& server : {info->primary_dns, info->secondary_dns}) {
            if (NbftAddress address = address_of(server); !address.empty()) {
                interface.dns.push_back(std::move(address));
            }
        }
        TRY(interface.host_name, text(info->host_name, name + ": its host name"));
        const size_t bits = interface.address.size() * 8;
        if (bits != 0 && interface.prefix_length > bits) {
            return error(base::format("%s: a network of %u bits", name.c_str(),
                                      unsigned{interface.prefix_length}));
        }
        nbft_.interfaces.push_back(std::move(interface));
        return base::done();
    }

    base::Status read(const SubsystemEntry& entry, const std::string& name) {
        if (entry.transport != kTcp) {
            return base::done();
        }
        Nbft::Subsystem subsystem;
        subsystem.index = entry.index;
        subsystem.bootable = (entry.flags & SubsystemEntry::kNotBootable) == 0;
        TRY(const ByteView address, heap(entry.address, name + ": its address"));
        const auto octets = base::Reader(address).take<Octets>();
        if (!octets || address_of(*octets).empty()) {
            return error(name + " has no address");
        }
        subsystem.address = address_of(*octets);
        TRY(const std::string service, text(entry.service, name + ": its port"));
        constexpr uint16_t kDefaultPort = 4420;
        subsystem.port = kDefaultPort;
        if (!service.empty()) {
            const auto port = base::parse_u64(service, UINT16_MAX);
            if (!port || *port == 0) {
                return error(name + ": its port is " + base::quoted(service));
            }
            subsystem.port = static_cast<uint16_t>(*port);
        }
        TRY(subsystem.nqn, text(entry.nqn, name + ": its NQN"));
        if (const auto valid = check_nqn(subsystem.nqn); !valid) {
            return valid.error().in(name);
        }
        TRY(subsystem.nid, namespace_of(entry, name));
        subsystem.interfaces.push_back(entry.interface_index);
        TRY(const ByteView more, heap(entry.more_interfaces, name + ": its other HFIs"));
        for (const std::byte index : more) {
            subsystem.interfaces.push_back(std::to_integer<unsigned>(index));
        }
        if ((entry.flags & SubsystemEntry::kUseSecurity) != 0) {
            subsystem.security = entry.security_index;
        }
        const bool in_use = (entry.transport_flags & kValid) != 0;
        subsystem.header_digest = in_use && (entry.transport_flags & 2U) != 0;
        subsystem.data_digest = in_use && (entry.transport_flags & 4U) != 0;
        nbft_.subsystems.push_back(std::move(subsystem));
        return base::done();
    }

    static Result<NamespaceId> namespace_of(const SubsystemEntry& entry, const std::string& name) {
        switch (is_zero(entry.nid) ? 0 : entry.nid_type) {
            case 0:
                return entry.nsid == 0 ? NamespaceId() : NamespaceId(uint32_t{entry.nsid});
            case 1: {
                Eui64 eui64;
                std::copy_n(entry.nid.begin(), eui64.bytes.size(), eui64.bytes.begin());
                return NamespaceId(eui64);
            }
            case 2:
                return NamespaceId(Nguid{entry.nid});
            case 3:
                return NamespaceId(Uuid{entry.nid});
            default:
                return error(base::format("%s: namespace identifier of type %u", name.c_str(),
                                          unsigned{entry.nid_type}));
        }
    }

    base::Status read(const SecurityEntry& entry, const std::string& name) {
        Nbft::Security security;
        security.index = entry.index;
        const unsigned flags = entry.flags;
        if ((flags & SecurityEntry::kProtocolsRestricted) != 0) {
            TRY(const ByteView protocols, heap(entry.protocols, name + ": its protocols"));
            security.dhchap_excluded =
                std::ranges::find(protocols, std::byte{kDhChap}) == protocols.end();
        }
        security.secure_channel_required =
            (flags & SecurityEntry::kChannelMask) == SecurityEntry::kChannelRequired;
        if ((flags & SecurityEntry::kHashesRestricted) != 0) {
            TRY(security.hashes, known<HashId>(entry.hashes, find_hash, name + ": its hashes"));
        }
        if ((flags & SecurityEntry::kGroupsRestricted) != 0) {
            TRY(security.groups,
                known<DhGroup>(entry.groups, find_dh_group, name + ": its groups"));
        }
        nbft_.security.push_back(std::move(security));
        return base::done();
    }

    template <class T>
    [[nodiscard]] Result<std::optional<std::vector<T>>> known(const HeapRef& ref,
                                                              std::optional<T> (*find)(uint8_t),
                                                              const std::string& what) const {
        TRY(const ByteView bytes, heap(ref, what));
        std::vector<T> values;
        for (const std::byte byte : bytes) {
            if (const auto value = find(std::to_integer<uint8_t>(byte))) {
                values.push_back(*value);
            }
        }
        return std::optional(std::move(values));
    }

    base::Status read(const DiscoveryEntry& entry, const std::string& name) {
        Nbft::Discovery discovery;
        discovery.index = entry.index;
        if (entry.interface_index != 0) {
            discovery.interface = entry.interface_index;
        }
        if (entry.security_index != 0) {
            discovery.security = entry.security_index;
        }
        TRY(discovery.uri, text(entry.uri, name + ": its URI"));
        nbft_.discovery.push_back(std::move(discovery));
        return base::done();
    }

    ByteView table_;
    size_t heap_begin_ = 0;
    size_t heap_end_ = 0;
    Nbft nbft_;
};

}  // namespace

Result<Nbft> parse_nbft(ByteView table) {
    return Parser(table).run();
}

}  // namespace nvme
