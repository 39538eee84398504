// SPDX-License-Identifier: GPL-2.0-or-later
//
// Compare, Verify, and Compare fused with Write. Blocks are read through a small piece of memory,
// so that a store which checks what it reads (protection information) checks here too.
//
//     fused:  places in the write order ─► read, compare ... ─► write ─► both answers
//                 '- nothing else writes these blocks until then -'
//
// NVM Command Set Specification 1.0: 3.2.1 "Compare command", 3.2.6 "Verify command". Base
// Specification 2.0: 3.4.2 "Fused Operations".
#include "target/commands/io_compare.h"

#include <algorithm>

#include "target/commands/io_protected.h"
#include "target/commands/io_steps.h"

namespace target {

namespace status = nvme::status;

namespace {

/// Reads the next blocks of a command into its scratch memory. @return false: there are none left
bool read_next(Request& request, Request::Continuation next) {
    const Namespace& ns = *request.ns;
    const uint64_t bytes = uint64_t{nvme::block_count(request.sqe)} * ns.block_bytes();
    if (request.position == bytes) {
        return false;
    }
    const base::MutableBytes memory = request.scratch.bytes();
    request.kind = Io::Kind::kRead;
    request.offset = nvme::start_block(request.sqe) * ns.block_bytes() + request.position;
    request.length = std::min<uint64_t>(bytes - request.position, memory.size());
    request.data = memory.first(request.length);
    follow_command(request, request.position / ns.block_bytes());
    submit(request, next);
    return true;
}

/// The verdict on blocks just read; moves on to the next ones.
nvme::Status compare_read(Request& request, IoError error) {
    if (error != IoError::kNone) {
        return to_status(error, Io::Kind::kRead);
    }
    const base::ByteView wanted = request.payload().subspan(request.position, request.length);
    if (!std::ranges::equal(wanted, request.data)) {
        return status::kCompareFailure;
    }
    request.position += request.length;
    return status::kSuccess;
}

void compare_step(Request& request, IoError error) {
    const nvme::Status verdict = compare_read(request, error);
    if (!verdict.ok() || !read_next(request, compare_step)) {
        complete(request, verdict);
    }
}

void verify_step(Request& request, IoError error) {
    request.position += request.length;
    if (error != IoError::kNone || !read_next(request, verify_step)) {
        finish(request, error);
    }
}

void answer_both(Request& comparing, nvme::Status of_compare, nvme::Status of_write) {
    Request& writing = *comparing.partner;
    comparing.partner = nullptr;
    writing.partner = nullptr;
    complete(comparing, of_compare);
    complete(writing, of_write);
}

/// Whether one half was aborted, which ends both.
bool ended_early(Request& comparing) {
    const nvme::Status of_compare = comparing.fate;
    const nvme::Status of_write = comparing.partner->fate;
    if (of_compare.ok() && of_write.ok()) {
        return false;
    }
    answer_both(comparing, of_compare.ok() ? status::kFailedFused : of_compare,
                of_write.ok() ? status::kFailedFused : of_write);
    return true;
}

void fused_write_done(Request& writing, IoError error) {
    answer_both(*writing.partner, status::kSuccess, to_status(error, Io::Kind::kWrite));
}

void fused_compare_step(Request& comparing, IoError error) {
    if (ended_early(comparing)) {
        return;
    }
    const nvme::Status verdict = compare_read(comparing, error);
    if (!verdict.ok()) {
        answer_both(comparing, verdict, status::kFailedFused);
        return;
    }
    if (read_next(comparing, fused_compare_step)) {
        return;
    }
    Request& writing = *comparing.partner;
    writing.kind = Io::Kind::kWrite;
    writing.offset = nvme::start_block(writing.sqe) * writing.ns->block_bytes();
    writing.length = writing.transfer;
    writing.force_unit_access = is_forced(writing);
    writing.data = writing.payload();
    count_write(writing);
    submit(writing, fused_write_done);
}

/// It is the turn of the pair whose second half this is. Judged again: it may have waited long.
void start_fused(Request& writing) {
    Request& comparing = *writing.partner;
    look_again(writing);
    look_again(comparing);
    if (ended_early(comparing)) {
        return;
    }
    comparing.position = 0;
    count_read(comparing);
    (void)read_next(comparing, fused_compare_step);  // a pair has at least one block
}

}  // namespace

Checked check_compare(const Request& request) {
    const Namespace* ns = namespace_of(request);
    if (ns != nullptr && ns->exposed()) {
        const bool fused = (request.sqe.flags & nvme::Sqe::kFusedMask) != 0;
        return fused ? Checked(status::kInvalidField.dnr())
                     : check_protected_transfer(request, Access::kRead);
    }
    return check_transfer(request, Access::kRead);
}

void compare(Request& request) {
    count_read(request);
    if (request.ns->exposed()) {
        compare_protected(request);
        return;
    }
    request.position = 0;
    (void)read_next(request, compare_step);
}

size_t scratch_of_compare(const Request& request) {
    return std::min<size_t>(request.transfer, Queue::kScratchBytes);
}

Checked check_verify(const Request& request) {
    TRY_VOID(check_transfer(request, Access::kRead));  // VSL is MDTS
    TRY_VOID(check_command(request));
    return no_data(request);
}

void verify(Request& request) {
    request.queue->counters().read_bytes +=
        uint64_t{nvme::block_count(request.sqe)} * request.ns->block_bytes();
    request.position = 0;
    request.length = 0;
    (void)read_next(request, verify_step);
}

/// Whole pages, so that blocks of every size fit, whatever the namespace is by then.
size_t scratch_of_verify(const Request& request) {
    const size_t bytes = size_t{nvme::block_count(request.sqe)} * request.ns->block_bytes();
    const size_t pages = (bytes + nvme::kPageBytes - 1) / nvme::kPageBytes;
    return std::min<size_t>(pages * nvme::kPageBytes, Queue::kScratchBytes);
}

void compare_and_write(Request& writing) {
    look_again(writing);
    if (!ended_early(*writing.partner)) {
        wait_for_turn(writing, nvme::start_block(writing.sqe), nvme::block_count(writing.sqe),
                      WriteOrder::Kind::kExclusive, start_fused);
    }
}

}  // namespace target
