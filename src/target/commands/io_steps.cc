// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/commands/io_steps.h"

namespace target {

namespace status = nvme::status;

const Namespace* namespace_of(const Request& request) {
    return request.ns.get();
}

nvme::Status check_access(const Request& request, Access access) {
    const Namespace* ns = namespace_of(request);
    if (ns == nullptr) {
        return status::kInvalidNamespace.dnr().at(1);
    }
    if (ns->format_only()) {
        return status::kInvalidField.dnr().at(1);
    }
    if (access == Access::kWrite && ns->read_only()) {
        return status::kNamespaceWriteProtected.dnr();
    }
    if (!ns->reservations().allows(request.queue->controller()->reserver(), access)) {
        return status::kReservationConflict.dnr();
    }
    return status::kSuccess;
}

Checked check_blocks(const Request& request, Access access) {
    if (const nvme::Status verdict = check_access(request, access); !verdict.ok()) {
        return verdict;
    }
    const Namespace& ns = *namespace_of(request);
    const uint32_t blocks = nvme::block_count(request.sqe);
    const nvme::Status verdict = ns.check_range(nvme::start_block(request.sqe), blocks);
    if (!verdict.ok()) {
        return verdict.at(10);
    }
    return blocks * ns.block_bytes();
}

void finish(Request& request, IoError error) {
    const bool exposed = request.ns != nullptr && request.ns->exposed();
    complete(request, to_status(error, request.kind, exposed));
}

bool is_forced(const Request& request) {
    return (request.sqe.cdw12 & nvme::IoFlags::kForceUnitAccess) != 0 ||
           request.queue->controller()->features.volatile_write_cache == 0;
}

void submit_blocks(Request& request, Io::Kind kind) {
    const Namespace& ns = *request.ns;
    request.kind = kind;
    request.offset = nvme::start_block(request.sqe) * ns.block_bytes();
    request.length = uint64_t{nvme::block_count(request.sqe)} * ns.block_bytes();
    request.force_unit_access = is_forced(request);
    request.data = request.transfer == 0 ? base::MutableBytes() : request.payload();
    submit(request, finish);
}

void write_in_turn(Request& request, Request::Run run) {
    wait_for_turn(request, nvme::start_block(request.sqe), nvme::block_count(request.sqe),
                  WriteOrder::Kind::kPlain, run);
}

void count_read(Request& request) {
    IoCounters& counters = request.queue->counters();
    ++counters.read_commands;
    counters.read_bytes += request.transfer;
}

void count_write(Request& request) {
    IoCounters& counters = request.queue->counters();
    ++counters.write_commands;
    counters.written_bytes += request.transfer;
}

}  // namespace target
