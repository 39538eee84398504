// SPDX-License-Identifier: GPL-2.0-or-later
//
// Commands of the NVM command set on I/O queues: the table of all of them, and those that move
// blocks in and out.
//
//     io_cmd.cc           Read, Write, Write Zeroes, Flush
//     io_protected.cc     Read and Write of blocks with their tuples
//     io_compare.cc       Compare, Verify, Compare and Write
//     io_ranges.cc        Dataset Management, Copy
//     reservation_cmd.cc  Reservation Register, Acquire, Release, Report
//
// A namespace that shows a protection format over a store without protection is not served.
//
// NVM Command Set Specification 1.0: 3.2 "NVM Command Set Commands".
#include <array>

#include "target/commands/io_compare.h"
#include "target/commands/io_protected.h"
#include "target/commands/io_ranges.h"
#include "target/commands/io_steps.h"
#include "target/commands/reservation_cmd.h"

namespace target {

namespace status = nvme::status;

namespace {

Checked check_read(const Request& request) {
    return check_transfer(request, Access::kRead);
}

void read(Request& request) {
    count_read(request);
    request.ns->exposed() ? read_protected(request) : submit_blocks(request, Io::Kind::kRead);
}

Checked check_write(const Request& request) {
    return check_transfer(request, Access::kWrite);
}

void write(Request& request) {
    count_write(request);
    if (request.ns->exposed()) {
        write_protected(request);
        return;
    }
    write_in_turn(request, [](Request& r) { submit_blocks(r, Io::Kind::kWrite); });
}

Checked check_write_zeroes(const Request& request) {
    TRY_VOID(check_blocks(request, Access::kWrite));
    TRY_VOID(check_command(request));
    return no_data(request);
}

void write_zeroes(Request& request) {
    follow_command(request, 0);
    // Zeros that the host makes no tuples for get those that make them readable.
    request.protection = request.pi.pract ? request.protection : nullptr;
    request.may_deallocate = (request.sqe.cdw12 & nvme::IoFlags::kDeallocate) != 0;
    write_in_turn(request, [](Request& r) { submit_blocks(r, Io::Kind::kWriteZeroes); });
}

bool flushes_all(const Request& request) {
    return request.sqe.nsid == nvme::kNsidAll;
}

Checked check_flush(const Request& request) {
    if (flushes_all(request)) {
        return no_data(request);
    }
    const Namespace* ns = namespace_of(request);
    if (ns == nullptr) {
        return status::kInvalidNamespace.dnr().at(1);
    }
    if (!ns->reservations().allows(request.queue->controller()->reserver(), Access::kWrite)) {
        return status::kReservationConflict.dnr();
    }
    return no_data(request);
}

void flushed_all(Request& request, nvme::Status status) {
    complete(request, status);
}

void flush(Request& request) {
    if (flushes_all(request)) {
        flush_each<flushed_all>(request, IoError::kNone);
        return;
    }
    request.kind = Io::Kind::kFlush;
    request.offset = 0;
    request.length = 0;
    submit(request, finish);
}

constexpr uint8_t row(nvme::IoOpcode opcode) {
    return static_cast<uint8_t>(opcode);
}

constexpr bool kSpreads = true;

constexpr std::array kIoCommands = {
    CommandEntry{row(nvme::IoOpcode::kFlush), "Flush", check_flush, flush, 0, kSpreads},
    CommandEntry{row(nvme::IoOpcode::kWrite), "Write", check_write, write,
                 CommandEntry::kChangesBlocks, kSpreads, bytes_of_pieces},
    CommandEntry{row(nvme::IoOpcode::kRead), "Read", check_read, read, 0, kSpreads,
                 bytes_of_pieces},
    CommandEntry{row(nvme::IoOpcode::kCompare), "Compare", check_compare, compare, 0, kSpreads,
                 scratch_of_compare},
    CommandEntry{row(nvme::IoOpcode::kWriteZeroes), "Write Zeroes", check_write_zeroes,
                 write_zeroes, CommandEntry::kChangesBlocks, kSpreads},
    CommandEntry{row(nvme::IoOpcode::kDatasetManagement), "Dataset Management",
                 check_dataset_management, dataset_management, CommandEntry::kChangesBlocks,
                 kSpreads},
    CommandEntry{row(nvme::IoOpcode::kVerify), "Verify", check_verify, verify, 0, kSpreads,
                 scratch_of_verify},
    CommandEntry{row(nvme::IoOpcode::kReservationRegister), "Reservation Register",
                 check_reservation_register, reservation_register},
    CommandEntry{row(nvme::IoOpcode::kReservationReport), "Reservation Report",
                 check_reservation_report, reservation_report},
    CommandEntry{row(nvme::IoOpcode::kReservationAcquire), "Reservation Acquire",
                 check_reservation_acquire, reservation_acquire},
    CommandEntry{row(nvme::IoOpcode::kReservationRelease), "Reservation Release",
                 check_reservation_release, reservation_release},
    CommandEntry{row(nvme::IoOpcode::kCopy), "Copy", check_copy, copy, CommandEntry::kChangesBlocks,
                 kSpreads, scratch_of_copy},
};

}  // namespace

std::span<const CommandEntry> io_commands() {
    return kIoCommands;
}

}  // namespace target
