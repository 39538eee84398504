// SPDX-License-Identifier: GPL-2.0-or-later
//
// Commands of the NVM command set on I/O queues: blocks in, blocks out.
//
// A namespace with a protection format is shown but not served: its blocks would have to come with
// protection information that nobody keeps yet.
//
// NVM Command Set Specification 1.0: 3.2 "NVM Command Set Commands".
#include <array>

#include "target/command.h"
#include "target/queue.h"

namespace target {

namespace status = nvme::status;

namespace {

const Namespace* namespace_of(const Request& request) {
    return request.ns.get();
}

/// Judges what all commands on a range of blocks have in common. @return the bytes of the range
Checked check_blocks(const Request& request) {
    const Namespace* ns = namespace_of(request);
    if (ns == nullptr) {
        return status::kInvalidNamespace.dnr();
    }
    if (ns->format_only()) {
        return status::kInvalidField.dnr();
    }
    const uint32_t blocks = nvme::block_count(request.sqe);
    const auto range = ns->check_range(nvme::start_block(request.sqe), blocks);
    if (!range.ok()) {
        return range;
    }
    return blocks * ns->block_bytes();
}

Checked check_transfer(const Request& request) {
    TRY(const uint32_t bytes, check_blocks(request));
    if (bytes > request.queue->target().limits().max_transfer_bytes) {
        return status::kInvalidField.dnr();
    }
    return bytes;
}

Checked check_write(const Request& request) {
    TRY(const uint32_t bytes, check_transfer(request));
    if (namespace_of(request)->read_only()) {
        return status::kNamespaceWriteProtected.dnr();
    }
    return bytes;
}

Checked check_write_zeroes(const Request& request) {
    TRY_VOID(check_blocks(request));
    if (namespace_of(request)->read_only()) {
        return status::kNamespaceWriteProtected.dnr();
    }
    return no_data(request);
}

Checked check_flush(const Request& request) {
    if (namespace_of(request) == nullptr) {
        return status::kInvalidNamespace.dnr();
    }
    return no_data(request);
}

void finish(Request& request, IoError error) {
    request.queue->complete(request, to_status(error, request.kind));
}

void submit_blocks(Request& request, Io::Kind kind) {
    const Namespace& ns = *namespace_of(request);
    const Controller& controller = *request.queue->controller();
    request.kind = kind;
    request.offset = nvme::start_block(request.sqe) * ns.block_bytes();
    request.length = uint64_t{nvme::block_count(request.sqe)} * ns.block_bytes();
    request.force_unit_access = (request.sqe.cdw12 & nvme::IoFlags::kForceUnitAccess) != 0 ||
                                controller.features.volatile_write_cache == 0;
    request.data = request.transfer == 0 ? base::MutableBytes() : request.payload();
    request.submit(ns.backend(), finish);
}

void read(Request& request) {
    IoCounters& counters = request.queue->controller()->counters;
    ++counters.read_commands;
    counters.read_bytes += request.transfer;
    submit_blocks(request, Io::Kind::kRead);
}

void write(Request& request) {
    IoCounters& counters = request.queue->controller()->counters;
    ++counters.write_commands;
    counters.written_bytes += request.transfer;
    submit_blocks(request, Io::Kind::kWrite);
}

void write_zeroes(Request& request) {
    request.may_deallocate = (request.sqe.cdw12 & nvme::IoFlags::kDeallocate) != 0;
    submit_blocks(request, Io::Kind::kWriteZeroes);
}

void flush(Request& request) {
    const Namespace& ns = *namespace_of(request);
    request.kind = Io::Kind::kFlush;
    request.offset = 0;
    request.length = 0;
    request.submit(ns.backend(), finish);
}

constexpr uint8_t row(nvme::IoOpcode opcode) {
    return static_cast<uint8_t>(opcode);
}

constexpr std::array kIoCommands = {
    CommandEntry{row(nvme::IoOpcode::kFlush), "Flush", check_flush, flush},
    CommandEntry{row(nvme::IoOpcode::kWrite), "Write", check_write, write,
                 CommandEntry::kChangesBlocks},
    CommandEntry{row(nvme::IoOpcode::kRead), "Read", check_transfer, read},
    CommandEntry{row(nvme::IoOpcode::kWriteZeroes), "Write Zeroes", check_write_zeroes,
                 write_zeroes, CommandEntry::kChangesBlocks},
};

}  // namespace

std::span<const CommandEntry> io_commands() {
    return kIoCommands;
}

}  // namespace target
