// SPDX-License-Identifier: GPL-2.0-or-later
//
// Reads, writes and compares of exposed namespaces: each block with its tuple behind it.
//
//   PRACT=1  the tuple stays here: the store makes it, or checks it and strips it
//   PRACT=0  the host has it, or brings it: what PRCHK names is compared, of a write all of it
//            before anything is stored; PRCHK=0 moves both as they are, which is how a host gets
//            evidence instead of a verdict
//
// A Compare checks the tuples of both sides, as PRCHK says, and compares the data alone.
//
//   the wire    | data | tuple | data | tuple | …     payload
//   the store   | data | data | …     | tuple | …     pieces of both, in scratch memory
//
// NVM Command Set Specification 1.0: 5.2 "End-to-end Data Protection", 5.2.2 "PRACT", 5.2.3
// "PRCHK".
#include "target/commands/io_protected.h"

#include <algorithm>

#include "target/commands/io_steps.h"
#include "target/protection/integrity.h"

namespace target {

namespace status = nvme::status;

namespace {

/// Success where nothing is exposed.
base::Result<nvme::PiCommand, nvme::Status> command_of(const Request& request) {
    const Namespace& ns = *namespace_of(request);
    return ns.exposed() ? nvme::read_pi_command(ns.format(), request.sqe)
                        : base::Result<nvme::PiCommand, nvme::Status>(nvme::PiCommand{});
}

size_t stride(const nvme::PiFormat& format) {
    return size_t{format.block_bytes} + format.metadata_bytes;
}

/// The blocks of the next piece, whose first is `done` blocks into the command. 0: there is none.
uint64_t next_piece(const Request& request, uint64_t done) {
    const uint64_t most = Queue::kScratchBytes / stride(request.ns->format());
    return std::min<uint64_t>(most, nvme::block_count(request.sqe) - done);
}

/// Sets up `count` blocks in scratch memory, data first.
void aim(Request& request, Io::Kind kind, uint64_t count) {
    const nvme::PiFormat& format = request.ns->format();
    const base::MutableBytes memory = request.scratch.bytes();
    request.kind = kind;
    request.offset = (nvme::start_block(request.sqe) + request.position) * format.block_bytes;
    request.length = count * format.block_bytes;
    request.data = memory.first(request.length);
    request.tuples = memory.subspan(request.length, count * format.metadata_bytes);
    follow_command(request, request.position);
}

/// Moves the piece at hand between scratch memory and its place in the payload.
template <class Move>
void for_each_block(Request& request, Move move) {
    const nvme::PiFormat& format = request.ns->format();
    base::MutableBytes wire = request.payload().subspan(request.position * stride(format));
    for (size_t i = 0; i * format.block_bytes < request.length; ++i) {
        move(wire.first(format.block_bytes),
             request.data.subspan(i * format.block_bytes, format.block_bytes));
        move(wire.subspan(format.block_bytes, format.metadata_bytes),
             request.tuples.subspan(i * format.metadata_bytes, format.metadata_bytes));
        wire = wire.subspan(stride(format));
    }
}

void read_piece(Request& request);

void piece_read(Request& request, IoError error) {
    if (error != IoError::kNone) {
        finish(request, error);
        return;
    }
    for_each_block(request, [](base::MutableBytes wire, base::MutableBytes stored) {
        std::ranges::copy(stored, wire.begin());
    });
    request.position += request.length / request.ns->block_bytes();
    read_piece(request);
}

void read_piece(Request& request) {
    const uint64_t count = next_piece(request, request.position);
    if (count == 0) {
        finish(request, IoError::kNone);
        return;
    }
    aim(request, Io::Kind::kRead, count);
    submit(request, piece_read);
}

void compare_piece(Request& request);

void piece_compared(Request& request, IoError error) {
    if (error != IoError::kNone) {
        finish(request, error);
        return;
    }
    const nvme::PiFormat& format = request.ns->format();
    const size_t step = nvme::transfer_bytes(format, request.pi.pract);
    base::ByteView wire = request.payload().subspan(request.position * step);
    for (size_t at = 0; at < request.length; at += format.block_bytes) {
        if (!std::ranges::equal(wire.first(format.block_bytes),
                                request.data.subspan(at, format.block_bytes))) {
            complete(request, status::kCompareFailure);
            return;
        }
        wire = wire.subspan(step);
    }
    request.position += request.length / format.block_bytes;
    compare_piece(request);
}

void compare_piece(Request& request) {
    const uint64_t count = next_piece(request, request.position);
    if (count == 0) {
        finish(request, IoError::kNone);
        return;
    }
    aim(request, Io::Kind::kRead, count);
    submit(request, piece_compared);
}

void write_piece(Request& request);

void piece_written(Request& request, IoError error) {
    if (error != IoError::kNone) {
        finish(request, error);
        return;
    }
    request.position += request.length / request.ns->block_bytes();
    write_piece(request);
}

void write_piece(Request& request) {
    const uint64_t count = next_piece(request, request.position);
    if (count == 0) {
        finish(request, IoError::kNone);
        return;
    }
    aim(request, Io::Kind::kWrite, count);
    for_each_block(request, [](base::MutableBytes wire, base::MutableBytes stored) {
        std::ranges::copy(wire, stored.begin());
    });
    request.force_unit_access = is_forced(request);
    submit(request, piece_written);
}

/// The host's tuples against the host's data, all of them.
nvme::Status check_receipt(Request& request) {
    const nvme::PiFormat& format = request.ns->format();
    const auto bad = nvme::verify(format, nvme::BlocksView::extended(format, request.payload()),
                                  request.pi.tags, request.pi.checks);
    if (!bad) {
        return status::kSuccess;
    }
    request.failed_block = nvme::start_block(request.sqe) + bad->block;
    report(request, {*request.failed_block, bad->field, bad->expected, bad->found,
                     IntegrityFault::Layer::kReceipt});
    return nvme::to_status(bad->field);
}

void start_in_pieces(Request& request, Request::Run piece) {
    request.position = 0;
    piece(request);
}

}  // namespace

size_t bytes_of_pieces(const Request& request) {
    const bool in_pieces = request.ns->exposed() && !command_of(request)->pract;
    return in_pieces ? std::min<size_t>(request.transfer, Queue::kScratchBytes) : 0;
}

Checked check_command(const Request& request) {
    TRY_VOID(command_of(request));
    return uint32_t{0};
}

Checked check_protected_transfer(const Request& request, Access access) {
    TRY_VOID(check_blocks(request, access));
    TRY(const nvme::PiCommand command, command_of(request));
    const uint32_t bytes = nvme::block_count(request.sqe) *
                           nvme::transfer_bytes(namespace_of(request)->format(), command.pract);
    if (bytes > request.queue->target().limits().max_transfer_bytes) {
        return status::kInvalidField.dnr().at(12);
    }
    return bytes;
}

Checked check_transfer(const Request& request, Access access) {
    const Namespace* ns = namespace_of(request);
    if (ns != nullptr && ns->exposed()) {
        return check_protected_transfer(request, access);
    }
    TRY(const uint32_t bytes, check_blocks(request, access));
    if (bytes > request.queue->target().limits().max_transfer_bytes) {
        return status::kInvalidField.dnr().at(12);
    }
    return bytes;
}

void follow_command(Request& request, uint64_t done) {
    const Namespace& ns = *request.ns;
    if (!ns.exposed()) {
        return;
    }
    request.pi = *command_of(request);  // it was checked
    request.pi.tags.ref_tag += ns.format().type == 3 ? 0 : done;
    request.protection = &request.pi;
}

void read_protected(Request& request) {
    follow_command(request, 0);
    if (request.pi.pract) {
        submit_blocks(request, Io::Kind::kRead);
        return;
    }
    start_in_pieces(request, read_piece);
}

void compare_protected(Request& request) {
    follow_command(request, 0);
    const nvme::Status verdict = request.pi.pract ? status::kSuccess : check_receipt(request);
    if (!verdict.ok()) {
        complete(request, verdict);
        return;
    }
    start_in_pieces(request, compare_piece);
}

void write_protected(Request& request) {
    follow_command(request, 0);
    if (request.pi.pract) {
        write_in_turn(request, [](Request& r) { submit_blocks(r, Io::Kind::kWrite); });
        return;
    }
    if (const nvme::Status verdict = check_receipt(request); !verdict.ok()) {
        complete(request, verdict);
        return;
    }
    write_in_turn(request, [](Request& r) { start_in_pieces(r, write_piece); });
}

}  // namespace target
