// SPDX-License-Identifier: GPL-2.0-or-later
#include "nvme/discovery_log.h"

#include <algorithm>
#include <span>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "nvme/nqn.h"

namespace nvme {
namespace {

using base::ByteView;
using base::error;

bool is_extended(const DiscoveryHeader& header) {
    return (header.flags & DiscoveryHeader::kExtendedEntries) != 0;
}

/// Bytes of the page that the header announces.
base::Result<size_t> page_bytes(const DiscoveryHeader& header) {
    const uint64_t entries = header.numrec;
    if (header.recfmt != 0) {
        return error(
            base::format("the discovery log has format %u, known is 0", unsigned{header.recfmt}));
    }
    if (entries > kMaxDiscoveryEntries) {
        return error("the discovery log has " + std::to_string(entries) + " entries; at most " +
                     std::to_string(kMaxDiscoveryEntries) + " are read");
    }
    const size_t plain = sizeof(DiscoveryHeader) + entries * sizeof(DiscoveryEntry);
    if (!is_extended(header)) {
        return plain;
    }
    const size_t least = plain + entries * sizeof(DiscoveryExtension);
    const uint32_t bytes = header.total_bytes;
    if (bytes < least || bytes > kMaxDiscoveryBytes || bytes % 4 != 0) {
        return error(base::format("the discovery log says that it has %u bytes", bytes));
    }
    return size_t{bytes};
}

/// Characters that may stand in a numeric address. What goes into the kernel's option string must
/// have no comma and no newline.
bool is_address_text(std::string_view text, bool v6) {
    const auto fits = [v6](char c) {
        const bool digit = c >= '0' && c <= '9';
        const bool letter = (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == ':';
        return digit || c == '.' || (v6 && letter);
    };
    return !text.empty() && std::ranges::all_of(text, fits);
}

/// ASCII that blanks or zeros fill up.
template <size_t n>
std::string_view text_of(const std::array<char, n>& field) {
    std::string_view text(field.data(), n);
    text = text.substr(0, text.find('\0'));
    return base::trim(text);
}

/// Why an entry is of no use, or the record that it is.
base::Result<DiscoveryRecord> record_of(const DiscoveryEntry& entry) {
    DiscoveryRecord record;
    if (entry.trtype != DiscoveryEntry::kTransportTcp) {
        return error(base::format("its transport is %u, not TCP", unsigned{entry.trtype}));
    }
    if (entry.adrfam != DiscoveryEntry::kFamilyIpv4 &&
        entry.adrfam != DiscoveryEntry::kFamilyIpv6) {
        return error(base::format("its address family is %u, not IP", unsigned{entry.adrfam}));
    }
    if (entry.subtype != DiscoveryEntry::kSubtypeNvm &&
        entry.subtype != DiscoveryEntry::kSubtypeReferral) {
        return error(base::format("its subsystem type is %u", unsigned{entry.subtype}));
    }
    if ((entry.treq & DiscoveryEntry::kSecureChannelMask) == 1) {
        return error("it demands a secure channel (TLS), which nvmeroot does not do");
    }
    record.referral = entry.subtype == DiscoveryEntry::kSubtypeReferral;
    record.v6 = entry.adrfam == DiscoveryEntry::kFamilyIpv6;
    auto nqn = nqn_of(entry.subnqn);
    if (!nqn) {
        return std::move(nqn).error();
    }
    record.nqn = std::move(nqn).value();
    const std::string_view address = text_of(entry.traddr);
    if (!is_address_text(address, record.v6)) {
        return error(base::quoted(address) + " is no numeric address of its family");
    }
    record.address = address;
    const auto port = base::parse_u64(text_of(entry.trsvcid), UINT16_MAX);
    if (!port || *port == 0) {
        return error(base::quoted(text_of(entry.trsvcid)) + " is no port");
    }
    record.port = static_cast<uint16_t>(*port);
    return record;
}

/// What stands behind an extended entry.
base::Status skip_extension(base::Reader& reader) {
    const auto extension = reader.take<DiscoveryExtension>();
    constexpr size_t kLeast = sizeof(DiscoveryEntry) + sizeof(DiscoveryExtension);
    if (!extension || extension->total_entry_bytes < kLeast ||
        !reader.take_bytes(extension->total_entry_bytes - kLeast)) {
        return error("an entry of the discovery log says a length that it cannot have");
    }
    return base::done();
}

}  // namespace

DiscoveryReading::Piece DiscoveryReading::next() const {
    if (page_.empty() || page_.size() == page_bytes_) {
        return {0, sizeof(DiscoveryHeader)};
    }
    const size_t left = page_bytes_ - page_.size();
    return {page_.size(), static_cast<uint32_t>(std::min<size_t>(left, kPieceBytes))};
}

base::Status DiscoveryReading::take(ByteView bytes) {
    const Piece piece = next();
    if (bytes.size() < piece.length) {
        return error(base::format("the discovery log ends after %zu bytes of %u", bytes.size(),
                                  piece.length));
    }
    const ByteView taken = bytes.first(piece.length);
    if (piece.offset == 0) {
        return take_header(*base::Reader(taken).take<DiscoveryHeader>());
    }
    page_.insert(page_.end(), taken.begin(), taken.end());
    return base::done();
}

base::Status DiscoveryReading::take_header(const DiscoveryHeader& header) {
    if (!page_.empty() && header.genctr == generation_) {
        done_ = true;
        return base::done();
    }
    if (++readings_ > kMaxReadings) {
        return error(base::format("the discovery log changed each of the %d times it was read",
                                  kMaxReadings));
    }
    TRY(page_bytes_, page_bytes(header));
    generation_ = header.genctr;
    const ByteView bytes = base::bytes_of(header);
    page_.assign(bytes.begin(), bytes.end());
    done_ = header.numrec == 0;
    return base::done();
}

base::Result<DiscoveryRecords> parse_discovery_log(ByteView page) {
    base::Reader reader(page);
    const auto header = reader.take<DiscoveryHeader>();
    if (!header) {
        return error("the discovery log is shorter than its header");
    }
    TRY(const size_t bytes, page_bytes(*header));
    if (bytes != page.size()) {
        return error("the discovery log is not as long as it says");
    }
    DiscoveryRecords found;
    for (uint64_t i = 0; i < header->numrec; ++i) {
        const auto entry = reader.take<DiscoveryEntry>();
        if (!entry) {
            return error("the discovery log has fewer entries than it says");
        }
        if (is_extended(*header)) {
            TRY_VOID(skip_extension(reader));
        }
        if (entry->subtype == DiscoveryEntry::kSubtypeCurrent) {
            continue;
        }
        auto record = record_of(*entry);
        if (record) {
            found.records.push_back(std::move(record).value());
        } else {
            found.left_out.push_back("entry " + std::to_string(i) + ": " + record.error().text);
        }
    }
    return found;
}

}  // namespace nvme
