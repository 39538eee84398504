// SPDX-License-Identifier: GPL-2.0-or-later
//
// The discovery controller: its commands, and the log page that tells a host which subsystems it
// may use and where. What a host may not use is not there.
//
// Base Specification 2.0: 3.1.2.3 "Discovery Controller", 5.16.1.23 "Discovery Log Page".
#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "target/admin_cmd.h"
#include "target/queue.h"

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

/// One line of the log before it has the form of the wire.
struct Record {
    const Subsystem* subsystem = nullptr;  ///< null: a referral
    std::string address;
    uint16_t port = 0;
    uint16_t portid = 0;
};

/// What a host may see. Where a portal has the address of the whole machine, so has its record.
std::vector<Record> records_for(const Target& target, std::string_view hostnqn) {
    std::vector<Record> records;
    for (const auto& subsystem : target.subsystems()) {
        const bool listed =
            subsystem->config().listed && (subsystem->is_discovery() || !target.draining());
        if (!listed || !target.access().may_connect(hostnqn, *subsystem)) {
            continue;
        }
        for (const Portal& portal : target.portals()) {
            if (portal.discovery == subsystem->is_discovery()) {
                records.push_back({subsystem.get(), portal.address, portal.port, portal.id});
            }
        }
    }
    for (const Referral& referral : target.referrals()) {
        records.push_back({nullptr, referral.address, referral.port, referral.id});
    }
    return records;
}

std::string_view nqn_of(const Record& record) {
    if (record.subsystem == nullptr) {
        return nvme::kDiscoveryNqn;
    }
    return record.subsystem->config().nqn;
}

/// The address to tell a host: that of the portal, or where it listens on all, the one the host
/// used.
std::string address_for(const Record& record, const Endpoints& endpoints) {
    const std::string& address =
        is_wildcard(record.address) ? endpoints.local_address : record.address;
    return address.substr(0, address.find('%'));  // a scope means nothing to the host
}

DiscoveryEntry entry_for(const Record& record, const Queue& queue) {
    const std::string address = address_for(record, queue.endpoints());
    DiscoveryEntry entry;
    entry.adrfam = address.find(':') == std::string::npos ? DiscoveryEntry::kFamilyIpv4
                                                          : DiscoveryEntry::kFamilyIpv6;
    entry.treq =
        DiscoveryEntry::kSecureChannelNotRequired | DiscoveryEntry::kNoFlowControlSupported;
    entry.portid = record.portid;
    entry.asqsz = queue.target().limits().queue_entries;
    nvme::set_field(entry.trsvcid, std::to_string(record.port), ' ');
    nvme::set_field(entry.traddr, address, ' ');
    nvme::set_field(entry.subnqn, nqn_of(record), '\0');
    if (record.subsystem == nullptr) {
        entry.subtype = DiscoveryEntry::kSubtypeReferral;
    } else if (record.subsystem->is_discovery()) {
        entry.subtype = DiscoveryEntry::kSubtypeCurrent;
        entry.eflags = DiscoveryEntry::kPersistentConnection | DiscoveryEntry::kNoCentralController;
    }
    return entry;
}

/// Several ways to this discovery service lead to the same log, and say so.
void mark_duplicates(std::vector<DiscoveryEntry>& entries) {
    const auto is_current = [](const DiscoveryEntry& entry) {
        return entry.subtype == DiscoveryEntry::kSubtypeCurrent;
    };
    if (std::ranges::count_if(entries, is_current) > 1) {
        for (DiscoveryEntry& entry : entries) {
            entry.eflags = static_cast<uint16_t>(
                entry.eflags | (is_current(entry) ? DiscoveryEntry::kDuplicateInformation : 0U));
        }
    }
}

}  // namespace

std::span<const CommandEntry> discovery_commands() {
    return kDiscoveryCommands;
}

std::string discovery_content(const Target& target, std::string_view hostnqn) {
    std::string content;
    for (const Record& record : records_for(target, hostnqn)) {
        content += std::string(nqn_of(record)) + ' ' + record.address + ' ' +
                   std::to_string(record.port) + ' ' + std::to_string(record.portid) + '\n';
    }
    return content;
}

base::Bytes discovery_log(const Request& request) {
    Queue& queue = *request.queue;
    const std::string& hostnqn = queue.controller()->host().hostnqn;
    const auto flags = static_cast<uint8_t>(request.sqe.cdw10 >> 8U & kDiscoveryParameters);
    std::vector<DiscoveryEntry> entries;
    for (const Record& record : records_for(queue.target(), hostnqn)) {
        const bool here = record.subsystem != nullptr &&
                          address_for(record, queue.endpoints()) == queue.endpoints().local_address;
        if (here || (flags & DiscoveryHeader::kPortLocal) == 0) {
            entries.push_back(entry_for(record, queue));
        }
    }
    mark_duplicates(entries);
    DiscoveryHeader header;
    header.genctr = queue.target().discovery_generation(hostnqn);
    header.numrec = entries.size();
    header.flags = flags;
    base::Bytes page;
    base::Writer writer(page);
    writer.put(header);
    for (const DiscoveryEntry& entry : entries) {
        writer.put(entry);
        if ((flags & DiscoveryHeader::kExtendedEntries) != 0) {
            nvme::DiscoveryExtension extension;
            extension.total_entry_bytes = sizeof entry + sizeof extension;
            writer.put(extension);
        }
    }
    if (flags != 0) {
        header.total_bytes = static_cast<uint32_t>(page.size());
        std::ranges::copy(base::bytes_of(header), page.begin());
    }
    return page;
}

}  // namespace target
