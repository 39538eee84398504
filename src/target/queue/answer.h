// SPDX-License-Identifier: GPL-2.0-or-later
//
// The answer of a command as PDUs: C2HData, if it moves data to the host, and the response capsule,
// unless the data may stand for it.
//
// NVMe/TCP Transport Specification 1.0: 3.3.2.1 "Controller to Host Data Transfers".
#pragma once

#include <cstdint>

#include "nvme/tcp_pdu.h"
#include "nvme/types.h"
#include "target/queue/request.h"

namespace target {

struct Answer {
    nvme::Status status;
    uint64_t result = 0;
    uint16_t sqhd = 0;
    bool flow_control = true;  ///< the host follows sqhd
};

/// Fills answer_pdu of the request, which borrows from the request until it has gone.
/// @return whether the data in its buffer goes with it
bool frame_answer(Request& request, const Answer& answer, const nvme::Framing& framing);

}  // namespace target
