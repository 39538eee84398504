// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/nbft_table.h"

#include <algorithm>
#include <numeric>

#include "base/endian.h"

namespace support {
namespace {

using base::Bytes;
using base::ByteView;
using base::le16;
using base::le32;
using nvme::Nbft;

struct Place {
    uint32_t offset = 0;
    uint16_t length = 0;
};

class Builder {
  public:
    explicit Builder(const Nbft& nbft) : nbft_(nbft) {
        // header, control, host, lists; the heap behind them
        lists_ = 64 + 64 + 32;
        heap_ = lists_ + 32 * nbft.interfaces.size() + 128 * nbft.subsystems.size() +
                64 * nbft.security.size() + 32 * nbft.discovery.size();
        table_.resize(heap_);
    }

    Bytes run() {
        put_control();
        put_host();
        size_t at = lists_;
        for (const auto& interface : nbft_.interfaces) {
            put_interface(at, interface);
            at += 32;
        }
        for (const auto& subsystem : nbft_.subsystems) {
            put_subsystem(at, subsystem);
            at += 128;
        }
        for (const auto& security : nbft_.security) {
            put_security(at, security);
            at += 64;
        }
        for (const auto& discovery : nbft_.discovery) {
            put_bytes(at, {0x06, 0x01, static_cast<uint8_t>(discovery.index),
                           static_cast<uint8_t>(discovery.interface.value_or(0)),
                           static_cast<uint8_t>(discovery.security.value_or(0))});
            put_ref(at + 6, add(base::bytes_of(discovery.uri)));
            at += 32;
        }
        put_header();
        fix_check_sum(table_);
        return std::move(table_);
    }

  private:
    template <class T>
    void put(size_t at, T value) {
        std::ranges::copy(base::bytes_of(value), table_.begin() + static_cast<std::ptrdiff_t>(at));
    }
    void put_view(size_t at, ByteView bytes) {
        std::ranges::copy(bytes, table_.begin() + static_cast<std::ptrdiff_t>(at));
    }
    void put_bytes(size_t at, std::initializer_list<uint8_t> bytes) {
        for (const uint8_t byte : bytes) {
            table_[at++] = std::byte{byte};
        }
    }
    void put_ref(size_t at, Place place) {
        put(at, le32(place.offset));
        put(at + 4, le16(place.length));
    }
    /// Into the heap, with a NUL behind it.
    Place add(ByteView bytes) {
        if (bytes.empty()) {
            return {};
        }
        const Place place{static_cast<uint32_t>(table_.size()),
                          static_cast<uint16_t>(bytes.size())};
        base::Writer(table_).put_bytes(bytes).put_zeros(1);
        return place;
    }
    static Bytes octets(const nvme::NbftAddress& address) {
        if (address.size() == 16) {
            return address;
        }
        Bytes mapped(12);
        mapped[10] = mapped[11] = std::byte{0xFF};
        mapped.insert(mapped.end(), address.begin(), address.end());
        mapped.resize(16);
        return mapped;
    }

    void put_header() {
        put_view(0, base::bytes_of(std::string_view("NBFT")));
        put(4, le32(static_cast<uint32_t>(table_.size())));
        put_bytes(8, {1});
        put_view(10, base::bytes_of(std::string_view("TESTS TESTS   ")));
        put(36, le32(static_cast<uint32_t>(heap_)));
        put(40, le32(static_cast<uint32_t>(table_.size() - heap_)));
    }
    void put_list(size_t at, size_t& offset, uint16_t size, size_t count) {
        put(at, le32(static_cast<uint32_t>(offset)));
        put(at + 4, le16(size));
        put_bytes(at + 6, {1, static_cast<uint8_t>(count)});
        offset += size * count;
    }
    void put_control() {
        put_bytes(64, {1, 1, 0, 0, 64, 0, 1});
        put_ref(72, {128, 32});
        put_bytes(78, {1});
        size_t offset = lists_;
        put_list(80, offset, 32, nbft_.interfaces.size());
        put_list(88, offset, 128, nbft_.subsystems.size());
        put_list(96, offset, 64, nbft_.security.size());
        put_list(104, offset, 32, nbft_.discovery.size());
    }
    void put_host() {
        put_bytes(128, {0x02, static_cast<uint8_t>(7U | (nbft_.host.selection << 3U))});
        if (nbft_.host.id) {
            put_view(130, nvme::in_other_byte_order(*nbft_.host.id).bytes);
        }
        put_ref(146, add(base::bytes_of(nbft_.host.nqn)));
    }
    void put_interface(size_t at, const Nbft::Interface& interface) {
        put_bytes(at, {0x03, static_cast<uint8_t>(interface.index), 0x01, 0x03});
        const Place info = add(Bytes(128));
        put_ref(at + 16, info);
        const size_t tcp = info.offset;
        put_bytes(tcp, {0x07, 0x01, 0x03, 0x01});
        put(tcp + 4, le16(static_cast<uint16_t>(interface.index)));
        const bool dhcp = interface.origin == Nbft::Origin::kDhcp;
        put_bytes(tcp + 6, {static_cast<uint8_t>(1U | (interface.is_default_route ? 2U : 0U) |
                                                 (dhcp ? 4U : 0U))});
        put_view(tcp + 11, interface.mac);
        put(tcp + 17, le16(interface.vlan));
        constexpr uint8_t kOrigins[] = {1, 3, 4};
        put_bytes(tcp + 19, {kOrigins[static_cast<size_t>(interface.origin)]});
        put_view(tcp + 20, octets(interface.address));
        put_bytes(tcp + 36, {interface.prefix_length});
        put_view(tcp + 37, octets(interface.gateway));
        put(tcp + 54, le16(interface.metric));
        for (size_t i = 0; i < 2; ++i) {
            put_view(tcp + 56 + 16 * i,
                     octets(i < interface.dns.size() ? interface.dns[i] : nvme::NbftAddress()));
        }
        put_ref(tcp + 104, add(base::bytes_of(interface.host_name)));
    }
    void put_subsystem(size_t at, const Nbft::Subsystem& subsystem) {
        put_bytes(at, {0x04});
        put(at + 1, le16(static_cast<uint16_t>(subsystem.index)));
        put(at + 3, le16(static_cast<uint16_t>(1U | (subsystem.bootable ? 0U : 2U) |
                                               (subsystem.security ? 4U : 0U))));
        put_bytes(at + 5, {0x03});
        put(at + 6, le16(static_cast<uint16_t>(1U | (subsystem.header_digest ? 2U : 0U) |
                                               (subsystem.data_digest ? 4U : 0U))));
        put_ref(at + 10, add(octets(subsystem.address)));
        put_ref(at + 16, add(base::bytes_of(std::to_string(subsystem.port))));
        put(at + 24, le32(subsystem.nsid));
        std::visit([&](const auto& nid) { put_nid(at, nid); }, subsystem.nid);
        put_bytes(at + 45, {static_cast<uint8_t>(subsystem.security.value_or(0)),
                            static_cast<uint8_t>(
                                subsystem.interfaces.empty() ? 0U : subsystem.interfaces.front())});
        Bytes more;
        for (size_t i = 1; i < subsystem.interfaces.size(); ++i) {
            more.push_back(static_cast<std::byte>(subsystem.interfaces[i]));
        }
        put_ref(at + 48, add(more));
        put_ref(at + 54, add(base::bytes_of(subsystem.nqn)));
    }
    void put_nid(size_t /*at*/, std::monostate /*none*/) {}
    void put_nid(size_t at, uint32_t nsid) { put(at + 24, le32(nsid)); }
    void put_nid(size_t at, const nvme::Eui64& id) { put_nid(at, 1, id.bytes); }
    void put_nid(size_t at, const nvme::Nguid& id) { put_nid(at, 2, id.bytes); }
    void put_nid(size_t at, const nvme::Uuid& id) { put_nid(at, 3, id.bytes); }
    void put_nid(size_t at, uint8_t type, ByteView bytes) {
        put_bytes(at + 28, {type});
        put_view(at + 29, bytes);
    }
    template <class T>
    Place add_names(const std::vector<T>& names) {
        Bytes bytes;
        for (const T name : names) {
            bytes.push_back(static_cast<std::byte>(name));
        }
        return add(bytes);
    }
    void put_security(size_t at, const Nbft::Security& security) {
        constexpr unsigned kAuthenticationRequired = 4U;
        const unsigned flags = 1U | kAuthenticationRequired |
                               (security.dhchap_excluded ? 0x10U : 0U) |
                               (security.secure_channel_required ? 0x40U : 0U) |
                               (security.groups ? 0x400U : 0U) | (security.hashes ? 0x800U : 0U);
        put_bytes(at, {0x05, static_cast<uint8_t>(security.index)});
        put(at + 2, le16(static_cast<uint16_t>(flags)));
        if (security.groups) {
            put_ref(at + 24, add_names(*security.groups));
        }
        if (security.hashes) {
            put_ref(at + 30, add_names(*security.hashes));
        }
    }

    const Nbft& nbft_;
    size_t lists_ = 0;
    size_t heap_ = 0;
    Bytes table_;
};

}  // namespace

Bytes build_nbft(const Nbft& nbft) {
    return Builder(nbft).run();
}

void fix_check_sum(Bytes& table) {
    constexpr size_t kCheckSum = 9;
    table[kCheckSum] = std::byte{0};
    const unsigned sum = std::accumulate(
        table.begin(), table.end(), 0U,
        [](unsigned all, std::byte byte) { return all + std::to_integer<unsigned>(byte); });
    table[kCheckSum] = static_cast<std::byte>(0x100U - (sum & 0xFFU));
}

Nbft sample_nbft() {
    const auto address = [](std::initializer_list<uint8_t> bytes) {
        nvme::NbftAddress made;
        for (const uint8_t byte : bytes) {
            made.push_back(std::byte{byte});
        }
        return made;
    };
    Nbft nbft;
    nbft.host.nqn = "nqn.2014-08.org.nvmexpress:uuid:11111111-2222-3333-4444-555555555555";
    nbft.host.id = nvme::parse_uuid("11111111-2222-3333-4444-555555555555").value();
    Nbft::Interface interface;
    interface.index = 1;
    interface.mac = {std::byte{0x52}, std::byte{0x54}, std::byte{0},
                     std::byte{0x12}, std::byte{0x34}, std::byte{0x56}};
    interface.address = address({10, 0, 2, 15});
    interface.prefix_length = 24;
    interface.gateway = address({10, 0, 2, 2});
    nbft.interfaces = {interface};
    Nbft::Subsystem subsystem;
    subsystem.index = 1;
    subsystem.address = address({10, 0, 2, 2});
    subsystem.port = 4420;
    subsystem.nqn = "nqn.2024-08.com.example:disk";
    subsystem.nid = uint32_t{1};
    subsystem.interfaces = {1};
    nbft.subsystems = {subsystem};
    return nbft;
}

}  // namespace support
