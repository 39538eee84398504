// SPDX-License-Identifier: GPL-2.0-or-later
//
// The floor under every target: a server that knows no protocol. A client says once how long its
// requests and the answers are; from then on the server answers every so many bytes with so many
// bytes, on one thread, with one receive and one send for all that is there. This is the cost of
// sockets on this machine, without NVMe and without a disk.
#pragma once

#include "load/run.h"

namespace load {

/// The size of one command and its answer on the wire.
struct Exchange {
    uint32_t request_bytes = 0;
    uint32_t answer_bytes = 0;
};

/// Serves forever. @param listening  gets the address, with the port that was assigned
base::Status serve_floor(const target::SocketAddress& address,
                         const std::function<void(const target::SocketAddress&)>& listening);

struct FloorOptions {
    target::SocketAddress address;
    Exchange exchange;
    uint16_t connections = 1;
    uint16_t depth = 1;
    base::milliseconds time{1000};
    std::optional<pid_t> server;
};

/// Errors: the server is not there or went away.
base::Result<Measured> run_floor(const FloorOptions& options);

/// The size of a command of this kind without digests.
Exchange exchange_of(Access access, uint32_t bytes);

}  // namespace load
