// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "host/command.h"

namespace support {

/// Asynchronous Event Request.
inline host::Command async_event_request() {
    host::Command command = host::keep_alive();
    command.sqe.opcode = static_cast<uint8_t>(nvme::AdminOpcode::kAsyncEventRequest);
    return command;
}

}  // namespace support
