// SPDX-License-Identifier: GPL-2.0-or-later
//
// Get Log Page: a table of pages by LID. Each page is built whole and the part asked for is copied;
// what is asked for beyond its end is zeros, an offset beyond its end is refused.
//
// Base Specification 2.0: 5.16 "Get Log Page command".
#include <algorithm>
#include <array>
#include <set>

#include "nvme/identify.h"
#include "target/admin_cmd.h"
#include "target/queue.h"

namespace target {

namespace status = nvme::status;
using nvme::LogPage;

namespace {

constexpr uint32_t kSupported = 1U << 0U;       ///< of a page, of a command
constexpr uint32_t kOffsetIsIndex = 1U << 23U;  ///< OT in CDW14
constexpr uint32_t kRetainEvent = 1U << 15U;    ///< RAE in CDW10: the page's event stays told

struct LogRow {
    LogPage page;
    bool in_discovery;
    base::Bytes (*build)(const Queue& queue);
};

/// Writes a wire number at `offset` of a page.
template <class Wire>
void put(base::Bytes& page, size_t offset, Wire value) {
    std::ranges::copy(base::bytes_of(value), page.begin() + static_cast<std::ptrdiff_t>(offset));
}

base::Bytes supported_pages(const Queue& queue);

/// No command has failed in a way that the log could explain better than its status did.
base::Bytes error_log(const Queue& /*queue*/) {
    return base::Bytes(64);
}

base::Bytes smart_log(const Queue& queue) {
    constexpr size_t kSpare = 3;
    constexpr size_t kSpareThreshold = 4;
    constexpr size_t kDataUnitsRead = 32;
    constexpr size_t kDataUnitsWritten = 48;
    constexpr size_t kHostReads = 64;
    constexpr size_t kHostWrites = 80;
    constexpr uint64_t kUnit = 512 * 1000;
    base::Bytes page(512);
    const IoCounters& counters = queue.controller()->counters;
    page[kSpare] = std::byte{100};  // percent
    page[kSpareThreshold] = std::byte{10};
    put(page, kDataUnitsRead, nvme::le64((counters.read_bytes + kUnit - 1) / kUnit));
    put(page, kDataUnitsWritten, nvme::le64((counters.written_bytes + kUnit - 1) / kUnit));
    put(page, kHostReads, nvme::le64(counters.read_commands));
    put(page, kHostWrites, nvme::le64(counters.write_commands));
    return page;
}

base::Bytes firmware_slots(const Queue& /*queue*/) {
    constexpr size_t kSlot1 = 8;
    base::Bytes page(512);
    page[0] = std::byte{1};  // slot 1 is active
    std::ranges::fill_n(page.begin() + kSlot1, 8, std::byte{' '});
    page[kSlot1] = std::byte{'1'};
    return page;
}

base::Bytes changed_namespaces(const Queue& queue) {
    const std::set<uint32_t>& changed = queue.controller()->changed_namespaces();
    nvme::NamespaceList list;
    if (changed.size() > list.nsid.size()) {
        list.nsid[0] = nvme::kNsidAll;  // more than can be told
    } else {
        std::ranges::copy(changed, list.nsid.begin());
    }
    const base::ByteView bytes = base::bytes_of(list);
    return {bytes.begin(), bytes.end()};
}

base::Bytes command_effects(const Queue& /*queue*/) {
    constexpr size_t kIoCommands = 1024;
    constexpr size_t kEntry = 4;
    base::Bytes page(4096);
    for (const CommandEntry& entry : admin_commands()) {
        put(page, entry.opcode * kEntry, nvme::le32(kSupported | entry.effects));
    }
    for (const CommandEntry& entry : io_commands()) {
        put(page, kIoCommands + entry.opcode * kEntry, nvme::le32(kSupported | entry.effects));
    }
    return page;
}

constexpr std::array kLogRows = {
    LogRow{LogPage::kSupportedPages, true, supported_pages},
    LogRow{LogPage::kErrors, false, error_log},
    LogRow{LogPage::kSmart, false, smart_log},
    LogRow{LogPage::kFirmwareSlots, false, firmware_slots},
    LogRow{LogPage::kChangedNamespaces, false, changed_namespaces},
    LogRow{LogPage::kCommandEffects, false, command_effects},
    LogRow{LogPage::kDiscovery, true, discovery_log},
};

/// The discovery log is the discovery controller's alone.
bool is_served(const LogRow& row, const Controller& controller) {
    return controller.is_discovery() ? row.in_discovery : row.page != LogPage::kDiscovery;
}

base::Bytes supported_pages(const Queue& queue) {
    constexpr size_t kEntry = 4;
    base::Bytes page(1024);
    for (const LogRow& row : kLogRows) {
        if (is_served(row, *queue.controller())) {
            put(page, static_cast<size_t>(row.page) * kEntry, nvme::le32(kSupported));
        }
    }
    return page;
}

const LogRow* find_row(const Request& request) {
    const auto page = static_cast<LogPage>(request.sqe.cdw10 & 0xFFU);
    const auto* row = std::ranges::find(kLogRows, page, &LogRow::page);
    return row != kLogRows.end() && is_served(*row, *request.queue->controller()) ? row : nullptr;
}

uint64_t offset_of(const nvme::Sqe& sqe) {
    return uint64_t{sqe.cdw13} << 32U | sqe.cdw12;
}

/// Bytes asked for: the number of dwords is 0's based and lies in two fields.
uint64_t length_of(const nvme::Sqe& sqe) {
    const uint64_t dwords = (uint64_t{sqe.cdw11 & 0xFFFFU} << 16U | sqe.cdw10 >> 16U) + 1;
    return dwords * 4;
}

}  // namespace

Checked check_get_log_page(const Request& request) {
    const nvme::Sqe& sqe = request.sqe;
    const LogRow* row = find_row(request);
    if (row == nullptr) {
        return status::kInvalidLogPage.dnr();
    }
    if (offset_of(sqe) % 4 != 0 || (sqe.cdw14 & kOffsetIsIndex) != 0 ||
        length_of(sqe) > request.queue->target().limits().max_transfer_bytes ||
        offset_of(sqe) > row->build(*request.queue).size()) {
        return status::kInvalidField.dnr();
    }
    return static_cast<uint32_t>(length_of(sqe));
}

void get_log_page(Request& request) {
    const LogRow& row = *find_row(request);
    const base::Bytes page = row.build(*request.queue);
    const base::ByteView rest = base::ByteView(page).subspan(offset_of(request.sqe));
    const base::MutableBytes out = request.payload();
    const size_t count = std::min(rest.size(), out.size());
    std::ranges::copy(rest.first(count), out.begin());
    std::ranges::fill(out.subspan(count), std::byte{0});
    if ((request.sqe.cdw10 & kRetainEvent) == 0) {
        request.queue->controller()->log_read(row.page);
    }
    request.queue->complete(request, status::kSuccess);
}

}  // namespace target
