// SPDX-License-Identifier: GPL-2.0-or-later
//
// The steps that the function of a command may take with its request: hand it to the backend, wait
// for its turn, answer it.
#pragma once

#include <cstdint>
#include <memory>

#include "target/controller/write_order.h"
#include "target/protection/integrity.h"
#include "target/queue/queue.h"
#include "target/queue/request.h"

namespace target {

/// @see Dispatcher
inline void complete(Request& request, nvme::Status status, uint64_t result = 0) {
    request.queue->dispatcher().complete(request, status, result);
}
/// @see Dispatcher
inline void look_again(Request& request) {
    request.queue->dispatcher().look_again(request);
}
/// @see Dispatcher
inline bool may_go_on(Request& request) {
    return request.queue->dispatcher().may_go_on(request);
}

/// Hands the request to the backend of its namespace; `next` runs when it is done, unless the queue
/// is closing. If the command may not continue, it ends here.
/// REQUIRES: kind, offset, length and the flags are set.
void submit(Request& request, Request::Continuation next);

/// Takes a place among the writes to its namespace; `run` runs, now or later, when it is its turn
/// and the command may still continue. The place is left when the command is answered. If too many
/// wait, the command ends.
void wait_for_turn(Request& request, uint64_t first, uint64_t blocks, WriteOrder::Kind turn,
                   Request::Run run);
/// Calls `run` when all writes that are under way now have ended. REQUIRES: control runs it
void wait_for_all(Request& request, Request::Run run);

/// Calls `next` when no change of the namespace's reservations is being saved, or if it is its own,
/// when that has ended.
void wait_for_reservations(Request& request, bool own, Request::Continuation next);

/// A fault that a command found in what its host sent.
void report(const Request& request, const IntegrityFault& fault);

}  // namespace target
