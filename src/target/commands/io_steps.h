// SPDX-License-Identifier: GPL-2.0-or-later
//
// The judgements that many I/O commands begin with, and the steps that many are made of.
#pragma once

#include <algorithm>

#include "target/controller/reservations.h"
#include "target/queue/request.h"
#include "target/queue/request_steps.h"

namespace target {

/// Null: this controller shows no such namespace.
const Namespace* namespace_of(const Request& request);
/// Whether the host may do this to the namespace of the command now.
nvme::Status check_access(const Request& request, Access access);
/// Judges what all commands on one range of blocks have in common. @return the bytes of the range
Checked check_blocks(const Request& request, Access access);

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
    submit(request, flush_each<finished>);
}

}  // namespace target
