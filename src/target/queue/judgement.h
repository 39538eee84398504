// SPDX-License-Identifier: GPL-2.0-or-later
//
// Whether a command may run, here and now. It is asked when the command comes, and again after
// each wait.
#pragma once

#include "nvme/types.h"
#include "target/queue/command.h"
#include "target/queue/queue_context.h"
#include "target/queue/request.h"

namespace target {

/// Everything that decides whether a command may run. Binds it to its namespace.
/// @return the bytes that it moves, or the status that it ends with
Checked judge(const QueueContext& queue, Request& request);

/// Binds a command to the namespace that it names: it is judged for that one, and for no other
/// that may take its number. @return success, or why it cannot reach it
nvme::Status bind_namespace(const QueueContext& queue, Request& request);

/// Whether a command changes what lanes share, so that only control may run it.
bool is_shared(const Request& request);

}  // namespace target
