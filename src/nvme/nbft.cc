// SPDX-License-Identifier: GPL-2.0-or-later
#include "nvme/nbft.h"

#include <algorithm>
#include <numeric>

#include "base/text.h"
#include "nvme/nbft_table.h"

namespace nvme {
namespace {

using base::ByteView;
using base::error;
using base::Result;

constexpr size_t kMaxTable = 1U << 20U;
constexpr uint8_t kTcp = 3;
constexpr uint8_t kDhChap = 1;
constexpr uint8_t kOriginDhcp = 3;
constexpr uint8_t kOriginRouter = 4;

constexpr uint16_t kValid = 1;

bool is_zero(ByteView bytes) {
    return std::all_of(bytes.begin(), bytes.end(), [](std::byte b) { return b == std::byte{0}; });
}

NbftAddress address_of(const NbftOctets& octets) {
    ByteView bytes = octets;
    if (is_zero(bytes.first(10)) && bytes[10] == std::byte{0xFF} && bytes[11] == std::byte{0xFF}) {
        bytes = bytes.subspan(12);
    }
    return is_zero(bytes) ? NbftAddress() : NbftAddress(bytes.begin(), bytes.end());
}

/// The name of an entry in the table, if it can be read.
template <class T>
std::string name_of(const char* what, const T& entry) {
    return std::string(what) + " " + std::to_string(unsigned{entry.index});
}

class Parser {
  public:
    explicit Parser(ByteView table) : table_(table) {}

    Result<Nbft> run() {
        TRY_VOID(check_header());
        TRY(const NbftControl control,
            structure<NbftControl>(sizeof(NbftHeader), "the control structure"));
        if (control.structure_id != 1 || control.major_revision != 1) {
            return error(base::format("control structure %u of revision %u: 1 and 1 are known",
                                      unsigned{control.structure_id},
                                      unsigned{control.major_revision}));
        }
        leave_out_unless(read_host(control));
        read_list<NbftInterfaceEntry>(control.interfaces, "HFI");
        read_list<NbftSubsystemEntry>(control.subsystems, "SSNS");
        read_list<NbftSecurityEntry>(control.security, "security profile");
        read_list<NbftDiscoveryEntry>(control.discovery, "discovery");
        return std::move(nbft_);
    }

  private:
    void leave_out_unless(const base::Status& read) {
        if (!read) {
            nbft_.left_out.push_back(read.error().text);
        }
    }

    base::Status check_header() {
        const auto header = base::Reader(table_).take<NbftHeader>();
        if (!header || std::string_view(header->signature.data(), 4) != "NBFT") {
            return error("no table with the signature NBFT");
        }
        const uint32_t length = header->length;
        if (length < sizeof(NbftHeader) + sizeof(NbftControl) || length > table_.size() ||
            length > kMaxTable) {
            return error(base::format("it says that it has %u bytes, and there are %zu", length,
                                      table_.size()));
        }
        table_ = table_.first(length);
        const unsigned sum = std::accumulate(
            table_.begin(), table_.end(), 0U,
            [](unsigned all, std::byte byte) { return all + std::to_integer<unsigned>(byte); });
        if ((sum & 0xFFU) != 0) {
            return error("its checksum is wrong");
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
    [[nodiscard]] Result<ByteView> heap(const NbftHeapRef& ref, const std::string& what) const {
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

    /// Up to a NUL.
    [[nodiscard]] Result<std::string> raw_text(const NbftHeapRef& ref,
                                               const std::string& what) const {
        TRY(const ByteView bytes, heap(ref, what));
        const std::string_view found = base::text_of(bytes);
        return std::string(found.substr(0, found.find('\0')));
    }

    /// Printable ASCII without a space; a NUL ends it.
    [[nodiscard]] Result<std::string> text(const NbftHeapRef& ref, const std::string& what) const {
        TRY(std::string found, raw_text(ref, what));
        if (std::any_of(found.begin(), found.end(), [](char c) { return c <= ' ' || c > '~'; })) {
            return error(what + " is " + base::shown(found));
        }
        return found;
    }

    /// A list has as many entries as it says and as the table has room for.
    template <class T>
    void read_list(const NbftListRef& list, const char* what) {
        for (unsigned i = 0; i < list.count; ++i) {
            const std::string place = std::string(what) + " descriptor " + std::to_string(i + 1);
            if (list.length < sizeof(T)) {
                return leave_out_unless(error(place + " and those after it are too short"));
            }
            const auto entry = structure<T>(list.offset + size_t{list.length} * i, place);
            if (!entry) {
                return leave_out_unless(entry.error());
            }
            if ((entry->flags & kValid) == 0) {
                continue;
            }
            if (entry->structure_id != T::kId) {
                leave_out_unless(
                    error(base::format("%s is structure %u, not %u", place.c_str(),
                                       unsigned{entry->structure_id}, unsigned{T::kId})));
                continue;
            }
            leave_out_unless(read(*entry, name_of(what, *entry)));
        }
    }

    base::Status read_host(const NbftControl& control) {
        if (control.host.length == 0) {
            return base::done();
        }
        TRY(const auto entry, structure<NbftHostEntry>(control.host.offset, "the host descriptor"));
        if ((entry.flags & kValid) == 0) {
            return base::done();
        }
        if (entry.structure_id != NbftHostEntry::kId) {
            return error("the host descriptor is another structure");
        }
        nbft_.host.selection =
            (entry.flags & NbftHostEntry::kSelectionMask) >> NbftHostEntry::kSelectionShift;
        if (const HostId id = in_other_byte_order(HostId{entry.id}); !id.is_zero()) {
            nbft_.host.id = id;
        }
        TRY(std::string nqn, raw_text(entry.nqn, "the host NQN"));
        if (auto usable = nqn.empty() ? base::done() : check_name(nqn); !usable) {
            return std::move(usable).error().in("the host NQN");
        }
        nbft_.host.nqn = std::move(nqn);
        return base::done();
    }

    static Nbft::Origin origin_of(const NbftTcpInfo& info) {
        if (info.ip_origin == kOriginDhcp || (info.flags & NbftTcpInfo::kDhcpOverride) != 0) {
            return Nbft::Origin::kDhcp;
        }
        return info.ip_origin == kOriginRouter ? Nbft::Origin::kRouter : Nbft::Origin::kGiven;
    }

    static base::Error other_transport(const std::string& name, uint8_t transport) {
        return error(
            base::format("%s is of transport %u, not TCP", name.c_str(), unsigned{transport}));
    }

    base::Status read(const NbftInterfaceEntry& entry, const std::string& name) {
        if (entry.transport != kTcp) {
            return other_transport(name, entry.transport);
        }
        TRY(const ByteView bytes, heap(entry.info, name + ": its transport information"));
        const auto info = base::Reader(bytes).take<NbftTcpInfo>();
        if (!info || info->structure_id != NbftTcpInfo::kId || info->transport != kTcp) {
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
        interface.is_default_route = (info->flags & NbftTcpInfo::kGlobalRoute) != 0;
        interface.metric = info->route_metric;
        for (const NbftOctets& server : {info->primary_dns, info->secondary_dns}) {
            if (NbftAddress address = address_of(server); !address.empty()) {
                interface.dns.push_back(std::move(address));
            }
        }
        // It goes no further than a DHCP server, and is not missed.
        if (auto host = text(info->host_name, name)) {
            interface.host_name = std::move(host).value();
        }
        const size_t bits = interface.address.size() * 8;
        if (bits != 0 && interface.prefix_length > bits) {
            return error(base::format("%s: a network of %u bits", name.c_str(),
                                      unsigned{interface.prefix_length}));
        }
        if (is_zero(interface.mac)) {
            return error(name + " has no Ethernet address");
        }
        nbft_.interfaces.push_back(std::move(interface));
        return base::done();
    }

    base::Status read(const NbftSubsystemEntry& entry, const std::string& name) {
        if (entry.transport != kTcp) {
            return other_transport(name, entry.transport);
        }
        Nbft::Subsystem subsystem;
        subsystem.index = entry.index;
        subsystem.bootable = (entry.flags & NbftSubsystemEntry::kNotBootable) == 0;
        TRY(const ByteView address, heap(entry.address, name + ": its address"));
        const auto octets = base::Reader(address).take<NbftOctets>();
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
                return error(name + ": its port is " + base::shown(service));
            }
            subsystem.port = static_cast<uint16_t>(*port);
        }
        TRY(subsystem.nqn, raw_text(entry.nqn, name + ": its NQN"));
        if (const auto usable = check_name(subsystem.nqn); !usable) {
            return usable.error().in(name + ": its NQN");
        }
        subsystem.nsid = entry.nsid;
        TRY(subsystem.nid, namespace_of(entry, name));
        subsystem.interfaces.push_back(entry.interface_index);
        TRY(const ByteView more, heap(entry.more_interfaces, name + ": its other HFIs"));
        for (const std::byte index : more) {
            subsystem.interfaces.push_back(std::to_integer<unsigned>(index));
        }
        if ((entry.flags & NbftSubsystemEntry::kUseSecurity) != 0) {
            subsystem.security = entry.security_index;
        }
        const bool in_use = (entry.transport_flags & kValid) != 0;
        subsystem.header_digest = in_use && (entry.transport_flags & 2U) != 0;
        subsystem.data_digest = in_use && (entry.transport_flags & 4U) != 0;
        nbft_.subsystems.push_back(std::move(subsystem));
        return base::done();
    }

    /// An identifier of zeros is none, whatever its type says; the NSID is left then.
    static Result<NamespaceId> namespace_of(const NbftSubsystemEntry& entry,
                                            const std::string& name) {
        const NamespaceId nsid =
            entry.nsid == 0 ? NamespaceId() : NamespaceId(uint32_t{entry.nsid});
        if (is_zero(entry.nid) || entry.nid_type == 0) {
            return nsid;
        }
        switch (entry.nid_type) {
            case 1: {
                Eui64 eui64;
                std::copy_n(entry.nid.begin(), eui64.bytes.size(), eui64.bytes.begin());
                return eui64.is_zero() ? nsid : NamespaceId(eui64);
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

    base::Status read(const NbftSecurityEntry& entry, const std::string& name) {
        Nbft::Security security;
        security.index = entry.index;
        const unsigned flags = entry.flags;
        if ((flags & NbftSecurityEntry::kProtocolsRestricted) != 0) {
            TRY(const ByteView protocols, heap(entry.protocols, name + ": its protocols"));
            security.dhchap_excluded =
                std::ranges::find(protocols, std::byte{kDhChap}) == protocols.end();
        }
        security.secure_channel_required =
            (flags & NbftSecurityEntry::kChannelMask) == NbftSecurityEntry::kChannelRequired;
        if ((flags & NbftSecurityEntry::kHashesRestricted) != 0) {
            TRY(security.hashes, known<HashId>(entry.hashes, find_hash, name + ": its hashes"));
        }
        if ((flags & NbftSecurityEntry::kGroupsRestricted) != 0) {
            TRY(security.groups,
                known<DhGroup>(entry.groups, find_dh_group, name + ": its groups"));
        }
        nbft_.security.push_back(std::move(security));
        return base::done();
    }

    template <class T>
    [[nodiscard]] Result<std::optional<std::vector<T>>> known(const NbftHeapRef& ref,
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

    base::Status read(const NbftDiscoveryEntry& entry, const std::string& name) {
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

HostId in_other_byte_order(const HostId& id) {
    HostId other = id;
    std::reverse(other.bytes.begin(), other.bytes.begin() + 4);
    std::reverse(other.bytes.begin() + 4, other.bytes.begin() + 6);
    std::reverse(other.bytes.begin() + 6, other.bytes.begin() + 8);
    return other;
}

Result<Nbft> parse_nbft(ByteView table) {
    return Parser(table).run();
}

}  // namespace nvme
