// SPDX-License-Identifier: GPL-2.0-or-later
//
// Fused commands: a Compare and the Write that follows it, done as one or not at all. Both halves
// are checked as any command; the first then waits for the second, and the pair is executed when
// the data of both is here.
//
// Base Specification 2.0: 3.4.2 "Fused Operations"; NVM Command Set Specification 1.0: "Compare and
// Write".
#include <utility>

#include "target/controller/queue.h"

namespace target {

namespace status = nvme::status;

/// Judges the fused bits of a command that was found good, and pairs the halves.
nvme::Status Queue::fuse(Request& request) {
    const nvme::Sqe& sqe = request.sqe;
    const auto half = sqe.flags & nvme::Sqe::kFusedMask;
    if (half == 0) {
        return status::kSuccess;
    }
    const auto wanted =
        half == nvme::Sqe::kFusedFirst ? nvme::IoOpcode::kCompare : nvme::IoOpcode::kWrite;
    if (qid_ == 0 || half == nvme::Sqe::kFusedMask || sqe.opcode != static_cast<uint8_t>(wanted)) {
        return status::kInvalidField.dnr().at(0, 8);
    }
    if (nvme::block_count(sqe) > Namespace::kCompareAndWriteBlocks) {
        return status::kInvalidField.dnr().at(12);
    }
    if (half == nvme::Sqe::kFusedFirst) {
        fused_first_ = &request;
        return status::kSuccess;
    }
    if (fused_first_ == nullptr) {
        return fused_failed_ ? status::kFailedFused : status::kMissingFused;
    }
    const nvme::Sqe& first = fused_first_->sqe;
    if (first.nsid != sqe.nsid || nvme::start_block(first) != nvme::start_block(sqe) ||
        nvme::block_count(first) != nvme::block_count(sqe)) {
        const unsigned differs = first.nsid != sqe.nsid                               ? 1
                                 : nvme::start_block(first) != nvme::start_block(sqe) ? 10
                                                                                      : 12;
        const nvme::Status verdict = status::kInvalidField.dnr().at(differs);
        forget_fused(*fused_first_, verdict);
        return verdict;
    }
    request.partner = std::exchange(fused_first_, nullptr);
    request.partner->partner = &request;
    return status::kSuccess;
}

/// The first half of a pair ends without its second.
void Queue::forget_fused(Request& request, nvme::Status why) {
    fused_first_ = nullptr;
    (void)doom(request, why);
}

/// Each half comes here when its data is here.
void Queue::execute_fused(Request& request) {
    request.state = Request::State::kFusing;
    put_aside(request);
    if (!request.fate.ok()) {
        (void)doom(request, request.fate);
        return;
    }
    if (request.partner == nullptr) {
        return;
    }
    if (!request.partner->fate.ok()) {
        (void)doom(*request.partner, request.partner->fate);
        return;
    }
    if (request.partner->state == Request::State::kFusing) {
        request.state = request.partner->state = Request::State::kExecuting;
        const bool second = (request.sqe.flags & nvme::Sqe::kFusedMask) == nvme::Sqe::kFusedSecond;
        compare_and_write(second ? request : *request.partner);
    }
}

}  // namespace target
