// SPDX-License-Identifier: GPL-2.0-or-later
//
// The discovery controller: its commands, and the log page that tells a host which subsystems it
// may use and where. What a host may not use is not there.
//
// Base Specification 2.0: 3.1.2.3 "Discovery Controller", 5.16.1.23 "Discovery Log Page".
#include <array>
#include <string>

#include "target/admin_cmd.h"
#include "target/queue.h"

namespace target {

namespace {

/// Nothing in the page changes while the server runs.
constexpr uint64_t kGeneration = 1;

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

/// The address to tell a host: that of the portal, or where it listens on all, the one the host
/// used.
std::string address_for(const Portal& portal, const Endpoints& endpoints) {
    const bool wildcard = portal.address == "0.0.0.0" || portal.address == "::";
    const std::string& address = wildcard ? endpoints.local_address : portal.address;
    return address.substr(0, address.find('%'));  // a scope means nothing to the host
}

nvme::DiscoveryEntry entry_for(const Portal& portal, const Subsystem& subsystem,
                               const Queue& queue) {
    const std::string address = address_for(portal, queue.endpoints());
    nvme::DiscoveryEntry entry;
    entry.adrfam = address.find(':') == std::string::npos ? nvme::DiscoveryEntry::kFamilyIpv4
                                                          : nvme::DiscoveryEntry::kFamilyIpv6;
    entry.treq = nvme::DiscoveryEntry::kSecureChannelNotRequired |
                 nvme::DiscoveryEntry::kNoFlowControlSupported;
    entry.portid = portal.id;
    entry.asqsz = queue.target().limits().queue_entries;
    if (subsystem.is_discovery()) {
        entry.subtype = nvme::DiscoveryEntry::kSubtypeCurrent;
        entry.eflags = nvme::DiscoveryEntry::kPersistentConnection;
    }
    nvme::set_field(entry.trsvcid, std::to_string(portal.port), ' ');
    nvme::set_field(entry.traddr, address, ' ');
    nvme::set_field(entry.subnqn, subsystem.config().nqn, '\0');
    return entry;
}

}  // namespace

std::span<const CommandEntry> discovery_commands() {
    return kDiscoveryCommands;
}

base::Bytes discovery_log(const Queue& queue) {
    const std::string& hostnqn = queue.controller()->host().hostnqn;
    base::Bytes page(sizeof(nvme::DiscoveryHeader));
    base::Writer writer(page);
    uint64_t entries = 0;
    for (const auto& subsystem : queue.target().subsystems()) {
        if (!queue.target().access().may_connect(hostnqn, *subsystem)) {
            continue;
        }
        for (const Portal& portal : queue.target().portals()) {
            if (portal.discovery == subsystem->is_discovery()) {
                writer.put(entry_for(portal, *subsystem, queue));
                ++entries;
            }
        }
    }
    nvme::DiscoveryHeader header;
    header.genctr = kGeneration;
    header.numrec = entries;
    std::ranges::copy(base::bytes_of(header), page.begin());
    return page;
}

}  // namespace target
