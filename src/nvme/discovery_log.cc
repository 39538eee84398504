// SPDX-License-Identifier: GPL-2.0-or-later
#include "nvme/discovery_log.h"

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace nvme {
namespace {

using base::ByteView;
using base::error;

/// Characters that may stand in a numeric address. Text in the kernel's option string must not
/// contain a comma or a newline.
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

std::string transport_name(uint8_t type) {
    switch (type) {
        case 1:
            return "RDMA";
        case 2:
            return "Fibre Channel";
        case 254:
            return "the loop transport";
        default:
            return base::format("transport %u", unsigned{type});
    }
}

using Judged = base::Result<DiscoveryRecord, DiscoveryLeftOut>;

/// The record that an entry is, or why it is of no use.
Judged record_of(const DiscoveryEntry& entry) {
    DiscoveryRecord record;
    record.nqn = text_of(entry.subnqn);
    const auto because = [&](std::string why) {
        return Judged(DiscoveryLeftOut{std::move(why), record.nqn});
    };
    if (entry.trtype != DiscoveryEntry::kTransportTcp) {
        return because("over " + transport_name(entry.trtype) + ", not TCP");
    }
    if (entry.adrfam != DiscoveryEntry::kFamilyIpv4 &&
        entry.adrfam != DiscoveryEntry::kFamilyIpv6) {
        return because(base::format("of address family %u, not IP", unsigned{entry.adrfam}));
    }
    if (entry.subtype != DiscoveryEntry::kSubtypeNvm &&
        entry.subtype != DiscoveryEntry::kSubtypeReferral) {
        return because(base::format("of subsystem type %u", unsigned{entry.subtype}));
    }
    if ((entry.treq & DiscoveryEntry::kSecureChannelMask) == 1) {
        return because("behind a secure channel (TLS), which nvmeroot does not do");
    }
    record.referral = entry.subtype == DiscoveryEntry::kSubtypeReferral;
    record.v6 = entry.adrfam == DiscoveryEntry::kFamilyIpv6;
    auto nqn = nqn_of(entry.subnqn);
    if (!nqn) {
        return because("with a name that is none");
    }
    record.nqn = std::move(nqn).value();
    const std::string_view address = text_of(entry.traddr);
    if (!is_address_text(address, record.v6)) {
        return DiscoveryLeftOut{"without a numeric address of its family", std::string(address)};
    }
    record.address = address;
    const auto port = base::parse_u64(text_of(entry.trsvcid), UINT16_MAX);
    if (!port || *port == 0) {
        return DiscoveryLeftOut{"without a port", std::string(text_of(entry.trsvcid))};
    }
    record.port = static_cast<uint16_t>(*port);
    return record;
}

constexpr size_t kExtendedBytes = sizeof(DiscoveryEntry) + sizeof(DiscoveryExtension);

}  // namespace

void DiscoveryLog::add(DiscoveryRecord record, bool wanted) {
    if (!wanted && !record.referral) {
        return add_other(std::move(record.nqn));
    }
    std::vector<std::string_view> names;  // of subsystems: each discovery service may have its own
    size_t paths = 0;
    for (const DiscoveryRecord& each : records) {
        if (each == record) {
            return;
        }
        const bool same =
            each.referral == record.referral && (record.referral || each.nqn == record.nqn);
        paths += same ? 1 : 0;
        if (!each.referral && std::ranges::find(names, each.nqn) == names.end()) {
            names.push_back(each.nqn);
        }
    }
    if (paths == kMaxPaths) {
        return add(DiscoveryLeftOut{
            std::string(record.referral ? kTooManyReferrals : kTooManyPaths), record.address});
    }
    if (!record.referral && paths == 0 && names.size() == kMaxNames) {
        return add(DiscoveryLeftOut{std::string(kTooManyNames), std::move(record.nqn)});
    }
    records.push_back(std::move(record));
}

void DiscoveryLog::add_other(std::string nqn) {
    if (std::ranges::find(others, nqn) != others.end()) {
        return;
    }
    if (others.size() == kMaxOthers) {
        more_others = true;
        return;
    }
    others.push_back(std::move(nqn));
}

void DiscoveryLog::add(DiscoveryLeftOut entry) {
    auto row = std::ranges::find(left_out, entry.why, &DiscoveryLeftOut::why);
    if (row == left_out.end() && left_out.size() == kMaxReasons) {
        row = left_out.end() - 1;
    }
    if (row != left_out.end()) {
        row->count += entry.count;
        return;
    }
    if (left_out.size() + 1 == kMaxReasons) {
        entry.why = "of no use for other reasons";
    }
    left_out.push_back(std::move(entry));
}

uint64_t DiscoveryReading::entry_bytes() const {
    return extended_ ? kExtendedBytes : sizeof(DiscoveryEntry);
}

DiscoveryReading::Piece DiscoveryReading::next() const {
    if (!begun_ || left_ == 0) {
        return {0, sizeof(DiscoveryHeader)};
    }
    // No entry is shorter, so this is never behind the end of the page.
    constexpr uint64_t kEnough = kPieceBytes;
    const uint64_t least = std::min(left_, kEnough) * entry_bytes() - pending_.size();
    return {offset_, static_cast<uint32_t>(std::min(least, kEnough))};
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
    offset_ += taken.size();
    pending_.insert(pending_.end(), taken.begin(), taken.end());
    return take_entries();
}

base::Status DiscoveryReading::take_header(const DiscoveryHeader& header) {
    if (begun_ && header.genctr == generation_) {
        done_ = true;
        return base::done();
    }
    if (++readings_ > kMaxReadings) {
        return error(base::format("the discovery log changed each of the %d times it was read",
                                  kMaxReadings));
    }
    if (header.recfmt != 0) {
        return error(
            base::format("the discovery log has format %u, known is 0", unsigned{header.recfmt}));
    }
    begun_ = true;
    generation_ = header.genctr;
    extended_ = (header.flags & DiscoveryHeader::kExtendedEntries) != 0;
    left_ = header.numrec;
    offset_ = sizeof header;
    pending_.clear();
    log_ = {};
    done_ = left_ == 0;
    return base::done();
}

base::Status DiscoveryReading::take_entries() {
    base::Reader reader(pending_);
    while (left_ > 0 && reader.remaining() >= entry_bytes()) {
        const auto entry = *reader.take<DiscoveryEntry>();
        if (extended_) {
            const uint32_t size = reader.take<DiscoveryExtension>()->total_entry_bytes;
            if (size < kExtendedBytes || size % 4 != 0) {
                return error("an entry of the discovery log says a length that it cannot have");
            }
            // The bytes after it are ignored.
            const size_t behind = size - kExtendedBytes;
            const size_t here = std::min(behind, reader.remaining());
            (void)reader.take_bytes(here);
            offset_ += behind - here;
        }
        --left_;
        if (entry.subtype == DiscoveryEntry::kSubtypeCurrent) {
            continue;
        }
        auto record = record_of(entry);
        if (record) {
            const bool wanted = !wanted_ || wanted_(record->nqn);
            log_.add(std::move(record).value(), wanted);
        } else {
            log_.add(std::move(record).error());
        }
    }
    pending_.erase(pending_.begin(),
                   pending_.begin() + static_cast<std::ptrdiff_t>(reader.offset()));
    return base::done();
}

}  // namespace nvme
