// SPDX-License-Identifier: GPL-2.0-or-later
//
// The commands that a queue on another lane leaves to control (lane.h): commands that change what
// lanes share, and what there is to keep or to tell of those that it runs itself.
#include <algorithm>
#include <utility>

#include "target/controller/queue.h"

namespace target {

/// Whether a command is not this lane's to run. The command after a first half of a fused pair
/// goes the same way, because it may be the second.
bool Queue::needs_control(const Request& request) {
    if (lane_->number() == 0) {
        return false;
    }
    const auto half = request.sqe.flags & nvme::Sqe::kFusedMask;
    const bool behind = std::exchange(behind_fused_, half == nvme::Sqe::kFusedFirst);
    if (behind || half != 0 ||
        request.sqe.opcode == static_cast<uint8_t>(nvme::AdminOpcode::kFabrics)) {
        return true;
    }
    const auto row = std::ranges::find(io_commands(), request.sqe.opcode, &CommandEntry::opcode);
    return row == io_commands().end() || !row->spreads;
}

void Queue::refer(Request& request, std::function<void(Request& request)> next) {
    put_aside(request);
    request.lane = 0;
    target_.control().post([self = self_, &request, next = std::move(next)] {
        if (*self == nullptr) {
            return;
        }
        if ((*self)->closing_) {
            (*self)->release(request);
            return;
        }
        next(request);
    });
}

void Queue::note_error(const Request& request, nvme::Status status) {
    const uint64_t lba = request.failed_block.value_or(nvme::start_block(request.sqe));
    if (target_.control().here()) {
        controller_->note_error(qid_, request.sqe, status, lba);
        return;
    }
    target_.control().post([self = self_, sqe = request.sqe, status, lba] {
        if (*self != nullptr && (*self)->controller_ != nullptr) {
            (*self)->controller_->note_error((*self)->qid_, sqe, status, lba);
        }
    });
}

void Queue::report(const IntegrityFault& fault, const std::shared_ptr<Namespace>& ns) {
    if (target_.control().here()) {
        ns->backend().integrity()->report(fault);
        return;
    }
    target_.control().post([fault, ns] { ns->backend().integrity()->report(fault); });
}

}  // namespace target
