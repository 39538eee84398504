// SPDX-License-Identifier: GPL-2.0-or-later
//
// Discovery log pages, right and wrong.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "nvme/fabrics.h"
#include "nvme/identify.h"

namespace support {

/// An entry for a subsystem at this address.
inline nvme::DiscoveryEntry discovery_entry(std::string_view nqn, std::string_view address,
                                            uint16_t port) {
    nvme::DiscoveryEntry entry;
    entry.adrfam = address.find(':') == std::string_view::npos ? nvme::DiscoveryEntry::kFamilyIpv4
                                                               : nvme::DiscoveryEntry::kFamilyIpv6;
    nvme::set_field(entry.trsvcid, std::to_string(port), ' ');
    nvme::set_field(entry.traddr, address, ' ');
    nvme::set_field(entry.subnqn, nqn, '\0');
    return entry;
}

struct DiscoveryPage {
    uint64_t generation = 7;
    uint16_t format = 0;
    bool extended = false;
    uint32_t entry_bytes = 1032;  ///< of extended entries, as they say
    size_t behind = 0;            ///< bytes behind each extended entry
    std::vector<nvme::DiscoveryEntry> entries{};
    std::optional<uint64_t> announced{};        ///< entries; else as many as there are
    std::optional<uint32_t> announced_bytes{};  ///< of an extended log; else what it has

    [[nodiscard]] base::Bytes bytes() const {
        nvme::DiscoveryHeader header;
        header.genctr = generation;
        header.numrec = announced.value_or(entries.size());
        header.recfmt = format;
        const size_t extension = extended ? sizeof(nvme::DiscoveryExtension) : 0;
        if (extended) {
            header.flags = nvme::DiscoveryHeader::kExtendedEntries;
            header.total_bytes = announced_bytes.value_or(static_cast<uint32_t>(
                sizeof header +
                entries.size() * (sizeof(nvme::DiscoveryEntry) + extension + behind)));
        }
        base::Bytes page;
        base::Writer writer(page);
        writer.put(header);
        for (const nvme::DiscoveryEntry& entry : entries) {
            writer.put(entry);
            if (extended) {
                nvme::DiscoveryExtension attributes;
                attributes.total_entry_bytes = entry_bytes;
                writer.put(attributes).put_zeros(behind);
            }
        }
        return page;
    }
};

}  // namespace support
