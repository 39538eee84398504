// SPDX-License-Identifier: GPL-2.0-or-later
//
// The tables of what we understand. Each table row has a check, which judges every field before
// anything happens, and an execute, which does not judge again; the same rows name the commands and
// answer the Commands Supported and Effects log.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/result.h"
#include "nvme/types.h"

namespace target {

class Request;

/// The bytes that a command moves, or why it is refused.
using Checked = base::Result<uint32_t, nvme::Status>;

struct CommandEntry {
    uint8_t opcode;  ///< of a Fabrics command: its type
    std::string_view name;
    /// Judges the command; changes nothing.
    Checked (*check)(const Request& request);
    /// Runs a checked command whose data, if the host sends some, is here. Calls complete()
    /// (request_steps.h) now or later.
    void (*execute)(Request& request);
    uint32_t effects = 0;  ///< as in the Commands Supported and Effects log, beyond "supported"
    bool spreads = false;  ///< an I/O command that changes nothing which lanes share
    /// Bytes of memory that it needs in addition to its data, at most Queue::kScratchBytes; null:
    /// none.
    size_t (*scratch)(const Request& request) = nullptr;

    static constexpr uint32_t kChangesBlocks = 1U << 1U;  ///< LBCC
};

std::span<const CommandEntry> fabrics_commands();
std::span<const CommandEntry> admin_commands();
std::span<const CommandEntry> discovery_commands();
std::span<const CommandEntry> io_commands();

// The rows of the Fabrics table that auth_cmd.cc implements.
Checked check_auth_send(const Request& request);
void auth_send(Request& request);
Checked check_auth_receive(const Request& request);
void auth_receive(Request& request);

/// Runs a Write and the Compare it is fused to. REQUIRES: the data of both is here.
void compare_and_write(Request& writing);

/// A check for commands without data and without fields to judge.
inline Checked no_data(const Request& /*request*/) {
    return uint32_t{0};
}

}  // namespace target
