// SPDX-License-Identifier: GPL-2.0-or-later
//
// What the files of I/O commands share: the judgements that many commands begin with, and steps
// that many are made of. The table of all of them is in io_cmd.cc.
#pragma once

#include <algorithm>

#include "target/command.h"
#include "target/queue.h"
#include "target/reservations.h"

namespace target {

/// Null: this controller shows no such namespace.
const Namespace* namespace_of(const Request& request);
/// Whether the host may do this to the namespace of the command now.
nvme::Status check_access(const Request& request, Access access);
/// Judges what all commands on one range of blocks have in common. @return the bytes of the range
Checked check_blocks(const Request& request, Access access);
/// The same where the blocks travel, which MDTS bounds.
Checked check_transfer(const Request& request, Access access);

/// The answer to a command whose last or only step ended.
void finish(Request& request, IoError error);
/// Hands the blocks of a command to its namespace as one piece of work; finish() answers.
void submit_blocks(Request& request, Io::Kind kind);
/// Whether what is written must be on stable storage before the answer.
bool is_forced(const Request& request);
/// Calls `run` when nothing that needs the blocks of the command for itself is in the way.
void write_in_turn(Request& request, Request::Run run);

/// Counts a command, and the data that it moves, as the SMART log does.
void count_read(Request& request);
void count_write(Request& request);

/// Flushes all namespaces of the controller, one after the other, then calls `finished`.
/// REQUIRES: request.step is 0 at first; it is the NSID flushed last.
template <void (*finished)(Request& request, nvme::Status status)>
void flush_each(Request& request, IoError error) {
    if (error != IoError::kNone) {
        finished(request, to_status(error, Io::Kind::kFlush));
        return;
    }
    const auto all = request.queue->controller()->namespaces(request.lane);
    const auto next =
        std::ranges::upper_bound(all, request.step, {}, [](const auto& ns) { return ns->nsid(); });
    if (next == all.end()) {
        finished(request, nvme::status::kSuccess);
        return;
    }
    request.ns = *next;
    request.step = request.ns->nsid();
    request.kind = Io::Kind::kFlush;
    request.offset = 0;
    request.length = 0;
    request.submit(flush_each<finished>);
}

// io_protected.cc: blocks with their tuples, of exposed namespaces
/// Whether the command says nothing impossible of protection information. @return nothing to move
Checked check_command(const Request& request);
Checked check_protected_transfer(const Request& request, Access access);
void read_protected(Request& request);
void compare_protected(Request& request);
void write_protected(Request& request);
/// CommandEntry::scratch of Read and Write, where they go in pieces.
size_t bytes_of_pieces(const Request& request);
/// Has the store check, or make, what the command says, for the blocks from `done` on.
void follow_command(Request& request, uint64_t done);

// io_compare.cc: what looks at blocks and moves none of them
Checked check_compare(const Request& request);
void compare(Request& request);
size_t scratch_of_compare(const Request& request);
Checked check_verify(const Request& request);
void verify(Request& request);
size_t scratch_of_verify(const Request& request);
/// Runs a Write and the Compare it is fused to. REQUIRES: the data of both is here.
void compare_and_write(Request& writing);

// io_ranges.cc: commands with a list of ranges
Checked check_dataset_management(const Request& request);
void dataset_management(Request& request);
Checked check_copy(const Request& request);
void copy(Request& request);
size_t scratch_of_copy(const Request& request);

}  // namespace target
