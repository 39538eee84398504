// SPDX-License-Identifier: GPL-2.0-or-later
//
// Get Log Page: a table of pages by LID. Each page but the discovery log, which may be long, is
// built whole and the part asked for is copied; what is asked for beyond its end is zeros, an
// offset beyond its end is refused. Reading a page clears the asynchronous event that pointed to
// it, unless the host asks to keep it (RAE).
//
// Base Specification 2.0: 5.16 "Get Log Page command".
#include <algorithm>
#include <array>
#include <chrono>
#include <map>
#include <set>

#include "nvme/identify.h"
#include "nvme/log_pages.h"
#include "target/commands/admin_cmd.h"
#include "target/queue/request_steps.h"

namespace target {

namespace status = nvme::status;
using nvme::LogPage;

namespace {

constexpr uint32_t kSupported = 1U << 0U;       ///< of a page, of a command
constexpr uint32_t kOffsetIsIndex = 1U << 23U;  ///< OT in CDW14
constexpr uint32_t kRetainEvent = 1U << 15U;    ///< RAE in CDW10
constexpr uint32_t kNamespaceScope = 1U << 20U;
constexpr uint32_t kControllerScope = 1U << 21U;
constexpr size_t kEffectsEntry = 4;

using BuildPage = base::Bytes (*)(const Request& request);

template <BuildPage build>
uint64_t bytes_of_built(const Request& request) {
    return build(request).size();
}

template <BuildPage build>
void read_built(const Request& request, uint64_t offset, base::MutableBytes out) {
    const base::Bytes page = build(request);
    const auto rest = base::ByteView(page).subspan(std::min<uint64_t>(offset, page.size()));
    const size_t count = std::min(rest.size(), out.size());
    std::ranges::copy(rest.first(count), out.begin());
    std::ranges::fill(out.subspan(count), std::byte{0});
}

struct LogRow {
    LogPage page;
    bool in_discovery;
    uint64_t (*bytes)(const Request& request);
    void (*read)(const Request& request, uint64_t offset, base::MutableBytes out);
    uint16_t parameters = 0;  ///< LID specific parameter of the Supported Log Pages page
};

template <BuildPage build>
constexpr LogRow built(LogPage page, bool in_discovery) {
    return {page, in_discovery, bytes_of_built<build>, read_built<build>};
}

const Controller& controller_of(const Request& request) {
    return *request.queue->controller();
}

/// Bits 14:8 of CDW10.
uint8_t specific_field(const Request& request) {
    return static_cast<uint8_t>(request.sqe.cdw10 >> 8U & 0x7FU);
}

/// Writes a wire number at `offset` of a page.
template <class Wire>
void put(base::Bytes& page, size_t offset, Wire value) {
    std::ranges::copy(base::bytes_of(value), page.begin() + static_cast<std::ptrdiff_t>(offset));
}

template <class Page>
base::Bytes page_of(const Page& page) {
    const base::ByteView bytes = base::bytes_of(page);
    return {bytes.begin(), bytes.end()};
}

base::Bytes supported_pages(const Request& request);

base::Bytes error_log(const Request& request) {
    return controller_of(request).errors().page();
}

nvme::Counter128 counter(uint64_t value) {
    return {.low = value, .high = {}};
}

uint64_t data_units(uint64_t bytes) {
    constexpr uint64_t kUnit = 512 * 1000;
    return (bytes + kUnit - 1) / kUnit;
}

/// Counts what all hosts did to the subsystem since the server began; there is no disk behind it
/// whose wear or temperature could be told.
base::Bytes smart_log(const Request& request) {
    const Controller& controller = controller_of(request);
    const IoCounters total = request.queue->subsystem().counters();
    const auto hours = std::chrono::duration_cast<std::chrono::hours>(
        request.queue->now() - request.queue->target().started());
    nvme::SmartLog log;
    log.data_units_read = counter(data_units(total.read_bytes));
    log.data_units_written = counter(data_units(total.written_bytes));
    log.host_reads = counter(total.read_commands);
    log.host_writes = counter(total.write_commands);
    log.power_cycles = counter(1);
    log.power_on_hours = counter(static_cast<uint64_t>(hours.count()));
    log.media_errors = counter(total.media_errors);
    log.error_log_entries = counter(controller.errors().count());
    return page_of(log);
}

base::Bytes firmware_slots(const Request& /*request*/) {
    constexpr size_t kSlot1 = 8;
    constexpr size_t kRevisionBytes = 8;
    base::Bytes page(512);
    page[0] = std::byte{1};  // slot 1 is active
    std::ranges::fill_n(page.begin() + kSlot1, kRevisionBytes, std::byte{' '});
    std::ranges::copy(base::bytes_of(kFirmwareRevision), page.begin() + kSlot1);
    return page;
}

base::Bytes changed_namespaces(const Request& request) {
    const std::set<uint32_t>& changed = controller_of(request).namespace_view().changed();
    nvme::NamespaceList list;
    if (changed.size() > list.nsid.size()) {
        list.nsid[0] = nvme::kNsidAll;  // more than can be told
    } else {
        std::ranges::copy(changed, list.nsid.begin());
    }
    return page_of(list);
}

/// Scopes of commands are left out: Linux 6.1 and 6.12 warn of every bit they do not know.
base::Bytes command_effects(const Request& /*request*/) {
    constexpr size_t kIoCommands = 1024;
    base::Bytes page(4096);
    for (const CommandEntry& entry : admin_commands()) {
        put(page, entry.opcode * kEffectsEntry, nvme::le32(kSupported | entry.effects));
    }
    for (const CommandEntry& entry : io_commands()) {
        put(page, kIoCommands + entry.opcode * kEffectsEntry,
            nvme::le32(kSupported | entry.effects));
    }
    return page;
}

base::Bytes feature_effects(const Request& request) {
    base::Bytes page(256 * kEffectsEntry);
    for (const FeatureScope& feature : feature_scopes()) {
        if (controller_of(request).is_discovery() && !feature.in_discovery) {
            continue;
        }
        put(page, static_cast<size_t>(feature.feature) * kEffectsEntry,
            nvme::le32(kSupported | (feature.of_namespace ? kNamespaceScope : kControllerScope)));
    }
    return page;
}

/// No management endpoint is here, so none of its commands is.
base::Bytes management_effects(const Request& /*request*/) {
    return base::Bytes(4096);
}

/// The visible namespaces by ANA group; groups without any are not there. The page has the size of
/// the largest there can be, because hosts read all of that in pieces.
base::Bytes ana_log(const Request& request) {
    constexpr uint8_t kGroupsOnly = 1;  // RGO
    const bool groups_only = (specific_field(request) & kGroupsOnly) != 0;
    const Controller& controller = controller_of(request);
    const AnaGroups& ana = request.queue->target().ana();
    std::map<uint32_t, std::vector<nvme::le32>> groups;
    for (const auto& ns : controller.namespaces()) {
        groups[ns->config().ana_group].push_back(nvme::le32(ns->nsid()));
    }
    base::Bytes page;
    base::Writer writer(page);
    nvme::AnaHeader header;
    header.change_count = ana.changes();
    header.groups = static_cast<uint16_t>(groups.size());
    writer.put(header);
    for (const auto& [group, nsids] : groups) {
        nvme::AnaGroupDescriptor descriptor;
        descriptor.group = group;
        descriptor.nsid_count = groups_only ? 0 : static_cast<uint32_t>(nsids.size());
        descriptor.change_count = ana.changes();
        descriptor.state = ana.state(group, controller.host().portal);
        writer.put(descriptor);
        for (size_t i = 0; i < nsids.size() && !groups_only; ++i) {
            writer.put(nsids[i]);
        }
    }
    const uint32_t limit = namespace_limit(request.queue->target().limits());
    page.resize(std::max<size_t>(page.size(), kLargestAnaHead + limit * sizeof(uint32_t)));
    return page;
}

base::Bytes reservation_log(const Request& request) {
    const auto& records = controller_of(request).reservations().records();
    nvme::ReservationLog page;
    if (!records.empty()) {
        page.count = records.front().count;
        page.type = static_cast<uint8_t>(records.front().what);
        page.available = static_cast<uint8_t>(records.size() - 1);
        page.nsid = records.front().nsid;
    }
    return page_of(page);
}

constexpr std::array kLogRows = {
    built<supported_pages>(LogPage::kSupportedPages, true),
    built<error_log>(LogPage::kErrors, true),
    built<smart_log>(LogPage::kSmart, false),
    built<firmware_slots>(LogPage::kFirmwareSlots, false),
    built<changed_namespaces>(LogPage::kChangedNamespaces, false),
    built<command_effects>(LogPage::kCommandEffects, false),
    built<ana_log>(LogPage::kAna, false),
    built<feature_effects>(LogPage::kFeatureEffects, true),
    built<management_effects>(LogPage::kManagementEffects, true),
    LogRow{LogPage::kDiscovery, true, discovery_log_bytes, read_discovery_log,
           kDiscoveryParameters},
    built<reservation_log>(LogPage::kReservation, false),
};

/// The discovery log is the discovery controller's alone.
bool is_served(const LogRow& row, const Controller& controller) {
    return controller.is_discovery() ? row.in_discovery : row.page != LogPage::kDiscovery;
}

base::Bytes supported_pages(const Request& request) {
    base::Bytes page(256 * kEffectsEntry);
    for (const LogRow& row : kLogRows) {
        if (is_served(row, controller_of(request))) {
            put(page, static_cast<size_t>(row.page) * kEffectsEntry,
                nvme::le32(kSupported | uint32_t{row.parameters} << 16U));
        }
    }
    return page;
}

const LogRow* find_row(const Request& request) {
    const auto page = static_cast<LogPage>(request.sqe.cdw10 & 0xFFU);
    const auto* row = std::ranges::find(kLogRows, page, &LogRow::page);
    return row != kLogRows.end() && is_served(*row, controller_of(request)) ? row : nullptr;
}

uint64_t offset_of(const nvme::Sqe& sqe) {
    return uint64_t{sqe.cdw13} << 32U | sqe.cdw12;
}

/// Bytes asked for: the number of dwords is 0's based and lies in two fields.
uint64_t length_of(const nvme::Sqe& sqe) {
    const uint64_t dwords = (uint64_t{sqe.cdw11 & 0xFFFFU} << 16U | sqe.cdw10 >> 16U) + 1;
    return dwords * 4;
}

/// SMART covers the whole subsystem, command effects cover the NVM command set.
nvme::Status check_scope(const LogRow& row, const nvme::Sqe& sqe) {
    if (row.page == LogPage::kSmart && sqe.nsid != 0 && sqe.nsid != nvme::kNsidAll) {
        return status::kInvalidField.dnr().at(1);
    }
    if (row.page == LogPage::kCommandEffects && sqe.cdw14 >> 24U != 0) {
        return status::kInvalidField.dnr().at(14, 24);
    }
    return status::kSuccess;
}

}  // namespace

Checked check_get_log_page(const Request& request) {
    const nvme::Sqe& sqe = request.sqe;
    const LogRow* row = find_row(request);
    if (row == nullptr) {
        return status::kInvalidLogPage.dnr().at(10);
    }
    if (const nvme::Status verdict = check_scope(*row, sqe); !verdict.ok()) {
        return verdict;
    }
    if (length_of(sqe) > controller_of(request).max_transfer_bytes()) {
        return status::kInvalidField.dnr().at(10, 16);
    }
    if ((sqe.cdw14 & kOffsetIsIndex) != 0) {
        return status::kInvalidField.dnr().at(14, 23);
    }
    const uint64_t offset = offset_of(sqe);
    if (offset % 4 != 0 || (offset != 0 && offset > row->bytes(request))) {
        return status::kInvalidField.dnr().at(12);
    }
    return static_cast<uint32_t>(length_of(sqe));
}

void get_log_page(Request& request) {
    const LogRow& row = *find_row(request);
    row.read(request, offset_of(request.sqe), request.payload());
    if ((request.sqe.cdw10 & kRetainEvent) == 0) {
        request.queue->controller()->log_read(row.page);
    }
    complete(request, status::kSuccess);
}

}  // namespace target
