// SPDX-License-Identifier: GPL-2.0-or-later
//
// Everything the queues of one server share: limits, portals, hosts with their keys, subsystems.
// Built once from the configuration before the first Queue exists.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "target/events.h"

namespace target {

struct Limits {
    uint16_t io_queues = 128;               ///< I/O queues of one controller
    uint16_t queue_entries = 128;           ///< entries of one queue: CAP.MQES + 1
    uint32_t io_capsule_bytes = 8192;       ///< in-capsule data of an I/O queue; a multiple of 16
    uint32_t max_transfer_bytes = 1 << 20;  ///< MDTS: a power of two, at least 4096
};

/// An address where hosts can reach this target: what the discovery log names.
struct Portal {
    std::string address;  ///< numeric; "0.0.0.0" and "::" stand for the address the host used
    uint16_t port = 4420;
    uint16_t id = 1;  ///< PORTID
};

}  // namespace target
