// SPDX-License-Identifier: GPL-2.0-or-later
//
// Identify: what a controller and its namespaces are, a table of structures by CNS.
//
// Base Specification 2.0: 5.17 "Identify command".
#include <algorithm>
#include <array>
#include <bit>

#include "nvme/identify.h"
#include "nvme/log_pages.h"
#include "target/commands/admin_cmd.h"
#include "target/queue/request_steps.h"

namespace target {

namespace status = nvme::status;
using nvme::Cns;
using nvme::IdentifyController;

namespace {

constexpr uint32_t kNamespaceLimit = 1024;  ///< NN, while no configured NSID is higher

constexpr uint32_t kShutdownMicroseconds = 10'000'000;  ///< RTD3E: what a last flush may take
constexpr uint8_t kAnaTransitionSeconds = 10;

struct IdentifyRow {
    Cns cns;
    bool of_namespace;  ///< the NSID must be an active namespace
    bool of_command_set;
    bool in_discovery;
    base::Bytes (*build)(const Request& request);
};

template <class Page>
base::Bytes page_of(const Page& page) {
    static_assert(sizeof(Page) == nvme::kIdentifyBytes);
    const base::ByteView bytes = base::bytes_of(page);
    return {bytes.begin(), bytes.end()};
}

const Namespace& namespace_of(const Request& request) {
    return *request.queue->controller()->find_namespace(request.sqe.nsid);
}

uint32_t highest_nsid(const Queue& queue) {
    const auto& namespaces = queue.subsystem().namespaces();
    return std::max(kNamespaceLimit, namespaces.empty() ? 0 : namespaces.rbegin()->first);
}

uint8_t mdts(uint32_t bytes) {
    return static_cast<uint8_t>(std::countr_zero(bytes / nvme::kPageBytes));
}

/// The common fields of both kinds of controllers.
IdentifyController common(const Queue& queue) {
    const Controller& controller = *queue.controller();
    const SubsystemConfig& config = queue.subsystem().config();
    const Limits& limits = queue.target().limits();
    IdentifyController id;
    nvme::set_field(id.sn, config.serial, ' ');
    nvme::set_field(id.mn, config.model, ' ');
    nvme::set_field(id.fr, kFirmwareRevision, ' ');
    nvme::set_field(id.subnqn, config.nqn, '\0');
    id.mdts = mdts(controller.max_transfer_bytes());
    id.cntlid = controller.cntlid();
    id.ver = nvme::kVersion20;
    id.ctratt = IdentifyController::kCtrattHostId128 | IdentifyController::kCtrattTrafficKeepAlive;
    id.aerl = Controller::kAsyncEventLimit - 1;
    id.lpa = IdentifyController::kLpaExtendedOffset | IdentifyController::kLpaSupportedPages;
    id.elpe = ErrorLog::kEntries - 1;
    id.kas = static_cast<uint16_t>(kKeepAliveUnitMs / 100);
    id.maxcmd = limits.queue_entries;
    id.sgls = IdentifyController::kSglsSupported | IdentifyController::kSglsOffset |
              IdentifyController::kSglsTransport;
    id.ioccsz = static_cast<uint32_t>((sizeof(nvme::Sqe) + limits.io_capsule_bytes) / 16);
    id.iorcsz = static_cast<uint32_t>(sizeof(nvme::Cqe) / 16);
    id.msdbd = 1;
    return id;
}

/// The optional commands in the table of I/O commands, so that the two cannot contradict each
/// other.
uint16_t optional_commands() {
    struct Optional {
        nvme::IoOpcode opcode;
        uint16_t bit;
    };
    static constexpr std::array kOptional = {
        Optional{nvme::IoOpcode::kCompare, IdentifyController::kOncsCompare},
        Optional{nvme::IoOpcode::kWriteUncorrectable, IdentifyController::kOncsWriteUncorrectable},
        Optional{nvme::IoOpcode::kDatasetManagement, IdentifyController::kOncsDatasetManagement},
        Optional{nvme::IoOpcode::kWriteZeroes, IdentifyController::kOncsWriteZeroes},
        Optional{nvme::IoOpcode::kReservationRegister, IdentifyController::kOncsReservations},
        Optional{nvme::IoOpcode::kVerify, IdentifyController::kOncsVerify},
        Optional{nvme::IoOpcode::kCopy, IdentifyController::kOncsCopy},
    };
    unsigned bits = IdentifyController::kOncsSaveSelect | IdentifyController::kOncsTimestamp;
    for (const Optional& optional : kOptional) {
        const bool there = std::ranges::any_of(io_commands(), [&](const CommandEntry& entry) {
            return entry.opcode == static_cast<uint8_t>(optional.opcode);
        });
        bits |= there ? optional.bit : 0U;
    }
    return static_cast<uint16_t>(bits);
}

/// With more namespaces than were promised there is no ANA.
void describe_ana(IdentifyController& id, const Controller& controller, const Limits& limits) {
    const uint32_t limit = namespace_limit(limits);
    const auto count = static_cast<uint32_t>(controller.namespaces().size());
    id.mnan = std::max(limit, count);
    if (count > limit) {
        return;
    }
    id.cmic |= IdentifyController::kCmicAna;
    id.anatt = kAnaTransitionSeconds;
    id.anacap = IdentifyController::kAnacapAllStates;
    id.anagrpmax = AnaGroups::kMaxGroup;
    id.nanagrpid = AnaGroups::kMaxGroup;
}

base::Bytes controller_page(const Request& request) {
    const Queue& queue = *request.queue;
    const Controller& controller = *queue.controller();
    IdentifyController id = common(queue);
    if (controller.is_discovery()) {
        constexpr uint8_t kDirectDiscovery = 1;
        id.cntrltype = IdentifyController::kTypeDiscovery;
        id.dctype = kDirectDiscovery;
        id.oaes = IdentifyController::kOaesDiscoveryChange;
        return page_of(id);
    }
    constexpr uint8_t kOneReadOnlySlot = 1U << 1U | 1U;
    id.cntrltype = IdentifyController::kTypeIo;
    id.cmic = IdentifyController::kCmicMultiPort | IdentifyController::kCmicMultiController;
    id.acl = 3;
    id.frmw = kOneReadOnlySlot;
    id.oaes = IdentifyController::kOaesNamespaceChange | IdentifyController::kOaesAnaChange;
    id.rtd3e = kShutdownMicroseconds;
    id.lpa |= IdentifyController::kLpaEffects;
    id.nn = highest_nsid(queue);
    id.oncs = optional_commands();
    id.fuses = IdentifyController::kFusesCompareAndWrite;
    id.vwc = IdentifyController::kVwcPresent | IdentifyController::kVwcFlushAll;
    id.nwpc = IdentifyController::kNwpcProtect | IdentifyController::kNwpcUntilPowerCycle;
    for (const auto& ns : controller.namespaces()) {
        id.tnvmcap[0] = id.tnvmcap[0] + ns->block_count() * ns->block_bytes();
    }
    // Only the extended formats report guards of more than 16 bits.
    const bool wide_guards = std::ranges::any_of(
        controller.namespaces(), [](const auto& ns) { return ns->format().guard_bits != 16; });
    id.ctratt = id.ctratt | (wide_guards ? IdentifyController::kCtrattExtendedLbaFormats : 0U);
    describe_ana(id, controller, queue.target().limits());
    id.acwu = Namespace::kCompareAndWriteBlocks - 1;
    id.ocfs = uint16_t{1};  // Copy descriptor format 0h
    return page_of(id);
}

base::Bytes namespace_page(const Request& request) {
    const Namespace* ns = request.queue->controller()->find_namespace(request.sqe.nsid);
    return page_of(ns == nullptr ? nvme::IdentifyNamespace{} : ns->identify());
}

base::Bytes active_list(const Request& request) {
    nvme::NamespaceList list;
    size_t count = 0;
    for (const auto& ns : request.queue->controller()->namespaces()) {
        if (ns->nsid() > request.sqe.nsid && count < list.nsid.size()) {
            list.nsid[count++] = ns->nsid();
        }
    }
    return page_of(list);
}

base::Bytes descriptors(const Request& request) {
    return nvme::build_namespace_ids(namespace_of(request).ids());
}

base::Bytes nvm_namespace_page(const Request& request) {
    return page_of(namespace_of(request).identify_nvm());
}

base::Bytes nvm_controller_page(const Request& request) {
    nvme::IdentifyNvmController page;
    page.vsl = mdts(request.queue->target().limits().max_transfer_bytes);
    return page_of(page);
}

base::Bytes independent_page(const Request& request) {
    return page_of(namespace_of(request).identify_independent());
}

/// Controllers that see the namespace, or all if none is named.
base::Bytes controller_list(const Request& request) {
    const auto first = static_cast<uint16_t>(request.sqe.cdw10 >> 16U);
    const bool all = static_cast<Cns>(request.sqe.cdw10 & 0xFFU) == Cns::kControllers;
    nvme::ControllerList list;
    uint16_t count = 0;
    for (const auto& [cntlid, controller] : request.queue->subsystem().controllers()) {
        const bool wanted = all || controller->find_namespace(request.sqe.nsid) != nullptr;
        if (cntlid >= first && wanted && count < list.cntlid.size()) {
            list.cntlid[count++] = cntlid;
        }
    }
    list.count = count;
    return page_of(list);
}

base::Bytes command_sets(const Request& /*request*/) {
    base::Bytes page(nvme::kIdentifyBytes);
    page[0] = std::byte{1};  // combination 0: the NVM command set alone
    return page;
}

constexpr std::array kIdentifyRows = {
    IdentifyRow{Cns::kNamespace, false, false, false, namespace_page},
    IdentifyRow{Cns::kController, false, false, true, controller_page},
    IdentifyRow{Cns::kActiveNamespaces, false, false, false, active_list},
    IdentifyRow{Cns::kNamespaceDescriptors, true, false, false, descriptors},
    IdentifyRow{Cns::kCommandSetNamespace, true, true, false, nvm_namespace_page},
    IdentifyRow{Cns::kCommandSetController, false, true, false, nvm_controller_page},
    IdentifyRow{Cns::kCommandSetActiveNamespaces, false, true, false, active_list},
    IdentifyRow{Cns::kIndependentNamespace, true, false, false, independent_page},
    // Namespaces are not managed by hosts: those that are allocated are those that are active.
    IdentifyRow{Cns::kAllocatedNamespaces, false, false, false, active_list},
    IdentifyRow{Cns::kAllocatedNamespace, false, false, false, namespace_page},
    IdentifyRow{Cns::kNamespaceControllers, true, false, false, controller_list},
    IdentifyRow{Cns::kControllers, false, false, false, controller_list},
    IdentifyRow{Cns::kCommandSets, false, false, false, command_sets},
};

const IdentifyRow* find_row(const Request& request) {
    const auto cns = static_cast<Cns>(request.sqe.cdw10 & 0xFFU);
    const auto* row = std::ranges::find(kIdentifyRows, cns, &IdentifyRow::cns);
    const bool known = row != kIdentifyRows.end() &&
                       (row->in_discovery || !request.queue->controller()->is_discovery());
    return known ? row : nullptr;
}

/// Whether the NSID fits the structure asked for.
bool nsid_fits(const Request& request, Cns cns) {
    const Controller& controller = *request.queue->controller();
    const uint32_t nsid = request.sqe.nsid;
    constexpr uint32_t kLastListStart = 0xFFFFFFFD;
    switch (cns) {
        case Cns::kAllocatedNamespace:
        case Cns::kNamespace:  // an inactive one reads as zeros
            return nsid != 0 && nsid <= highest_nsid(*request.queue);
        case Cns::kActiveNamespaces:
        case Cns::kCommandSetActiveNamespaces:
        case Cns::kAllocatedNamespaces:
            return nsid <= kLastListStart;
        default:
            return controller.find_namespace(nsid) != nullptr;
    }
}

}  // namespace

/// Hosts read the whole ANA log in one command: as many as fit one.
uint32_t namespace_limit(const Limits& limits) {
    const size_t room = limits.max_transfer_bytes - kLargestAnaHead;
    return static_cast<uint32_t>(std::min<size_t>(kNamespaceLimit, room / sizeof(uint32_t)));
}

Checked check_identify(const Request& request) {
    const IdentifyRow* row = find_row(request);
    const uint32_t command_set = request.sqe.cdw11 >> 24U;
    if (row == nullptr) {
        return status::kInvalidField.dnr().at(10);
    }
    if (row->of_command_set && command_set != 0) {
        return status::kInvalidField.dnr().at(11, 24);
    }
    const bool names_namespace =
        row->of_namespace || row->build == namespace_page || row->build == active_list;
    if (names_namespace && !nsid_fits(request, row->cns)) {
        return status::kInvalidNamespace.dnr().at(1);
    }
    return nvme::kIdentifyBytes;
}

void identify(Request& request) {
    std::ranges::copy(find_row(request)->build(request), request.payload().begin());
    complete(request, status::kSuccess);
}

}  // namespace target
