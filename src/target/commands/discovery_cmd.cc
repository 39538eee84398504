// SPDX-License-Identifier: GPL-2.0-or-later
//
// The discovery controller: its commands, and the log page that tells a host which subsystems it
// may use and where. The log omits what a host may not use.
//
// Base Specification 2.0: 3.1.2.3 "Discovery Controller", 5.16.1.23 "Discovery Log Page".
#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "target/commands/admin_cmd.h"
#include "target/queue/request_steps.h"

namespace target {

namespace {

constexpr uint8_t row(nvme::AdminOpcode opcode) {
    return static_cast<uint8_t>(opcode);
}

constexpr std::array kDiscoveryCommands = {
    CommandEntry{row(nvme::AdminOpcode::kGetLogPage), "Get Log Page", check_get_log_page,
                 get_log_page},
    CommandEntry{row(nvme::AdminOpcode::kIdentify), "Identify", check_identify, identify},
    CommandEntry{row(nvme::AdminOpcode::kSetFeatures), "Set Features", check_set_features,
                 set_features},
    CommandEntry{row(nvme::AdminOpcode::kGetFeatures), "Get Features", check_get_features,
                 get_features},
    CommandEntry{row(nvme::AdminOpcode::kAsyncEventRequest), "Asynchronous Event Request", no_data,
                 keep_async_event},
    CommandEntry{row(nvme::AdminOpcode::kKeepAlive), "Keep Alive", no_data, keep_alive},
};

using nvme::DiscoveryEntry;
using nvme::DiscoveryHeader;

/// The address to tell a host: that of the portal, or where it listens on all, the one the host
/// used.
std::string_view address_for(const DiscoveryRecord& record, const Endpoints& endpoints) {
    const std::string_view address =
        is_wildcard(*record.address) ? endpoints.local_address : *record.address;
    return address.substr(0, address.find('%'));  // a scope means nothing to the host
}

DiscoveryEntry entry_for(const DiscoveryRecord& record, const Queue& queue) {
    const std::string_view address = address_for(record, queue.endpoints());
    DiscoveryEntry entry;
    entry.adrfam = address.find(':') == std::string_view::npos ? DiscoveryEntry::kFamilyIpv4
                                                               : DiscoveryEntry::kFamilyIpv6;
    entry.treq =
        DiscoveryEntry::kSecureChannelNotRequired | DiscoveryEntry::kNoFlowControlSupported;
    entry.portid = record.portid;
    entry.asqsz = queue.target().limits().queue_entries;
    nvme::set_field(entry.trsvcid, std::to_string(record.port), ' ');
    nvme::set_field(entry.traddr, address, ' ');
    nvme::set_field(entry.subnqn, record.nqn(), '\0');
    if (record.subsystem == nullptr) {
        entry.subtype = DiscoveryEntry::kSubtypeReferral;
    } else if (record.subsystem->is_discovery()) {
        entry.subtype = DiscoveryEntry::kSubtypeCurrent;
        entry.eflags = DiscoveryEntry::kPersistentConnection | DiscoveryEntry::kNoCentralController;
    }
    return entry;
}

bool is_current(const DiscoveryRecord* record) {
    return record->subsystem != nullptr && record->subsystem->is_discovery();
}

/// The log as one command asks for it.
struct Log {
    uint8_t flags = 0;
    uint64_t generation = 0;
    std::vector<const DiscoveryRecord*> records{};
    bool repeats_itself = false;  ///< several ways to this discovery service lead to the same log

    [[nodiscard]] size_t entry_bytes() const {
        const bool extended = (flags & DiscoveryHeader::kExtendedEntries) != 0;
        return sizeof(DiscoveryEntry) + (extended ? sizeof(nvme::DiscoveryExtension) : 0);
    }
    [[nodiscard]] uint64_t bytes() const {
        return sizeof(DiscoveryHeader) + records.size() * entry_bytes();
    }
};

Log log_of(const Request& request) {
    Queue& queue = *request.queue;
    const DiscoveryView& view = queue.target().discovery().view(queue.controller()->host().hostnqn);
    Log log{.flags = static_cast<uint8_t>(request.sqe.cdw10 >> 8U & kDiscoveryParameters),
            .generation = view.generation};
    log.records.reserve(view.records.size());
    for (const DiscoveryRecord& record : view.records) {
        const bool all = (log.flags & DiscoveryHeader::kPortLocal) == 0;
        if (all || (record.subsystem != nullptr &&
                    address_for(record, queue.endpoints()) == queue.endpoints().local_address)) {
            log.records.push_back(&record);
        }
    }
    log.repeats_itself = std::ranges::count_if(log.records, is_current) > 1;
    return log;
}

DiscoveryHeader header_of(const Log& log) {
    DiscoveryHeader header;
    header.genctr = log.generation;
    header.numrec = log.records.size();
    header.flags = log.flags;
    if (log.flags != 0) {
        header.total_bytes = static_cast<uint32_t>(log.bytes());
    }
    return header;
}

/// Copies what of `piece`, which lies at `at` of the page, belongs into `out`, which begins at
/// `offset`.
void put(base::ByteView piece, uint64_t at, uint64_t offset, base::MutableBytes out) {
    const uint64_t begin = std::max(at, offset);
    const uint64_t end = std::min(at + piece.size(), offset + out.size());
    if (begin < end) {
        std::ranges::copy(piece.subspan(begin - at, end - begin), &out[begin - offset]);
    }
}

}  // namespace

std::span<const CommandEntry> discovery_commands() {
    return kDiscoveryCommands;
}

uint64_t discovery_log_bytes(const Request& request) {
    return log_of(request).bytes();
}

void read_discovery_log(const Request& request, uint64_t offset, base::MutableBytes out) {
    const Log log = log_of(request);
    std::ranges::fill(out, std::byte{0});
    const DiscoveryHeader header = header_of(log);
    put(base::bytes_of(header), 0, offset, out);
    const uint64_t skipped = offset - std::min<uint64_t>(offset, sizeof header);
    for (size_t i = skipped / log.entry_bytes(); i < log.records.size(); ++i) {
        const uint64_t at = sizeof header + i * log.entry_bytes();
        if (at >= offset + out.size()) {
            return;
        }
        DiscoveryEntry entry = entry_for(*log.records[i], *request.queue);
        if (log.repeats_itself && is_current(log.records[i])) {
            entry.eflags =
                static_cast<uint16_t>(entry.eflags | DiscoveryEntry::kDuplicateInformation);
        }
        put(base::bytes_of(entry), at, offset, out);
        if ((log.flags & DiscoveryHeader::kExtendedEntries) != 0) {
            nvme::DiscoveryExtension extension;
            extension.total_entry_bytes = static_cast<uint32_t>(log.entry_bytes());
            put(base::bytes_of(extension), at + sizeof entry, offset, out);
        }
    }
}

}  // namespace target
