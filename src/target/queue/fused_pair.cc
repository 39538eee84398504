// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/queue/fused_pair.h"

#include <utility>

namespace target {

namespace status = nvme::status;

bool FusedPair::follows_first(const Request& request) {
    return std::exchange(came_before_, request.half() == nvme::Sqe::kFusedFirst);
}

nvme::Status FusedPair::join(Request& request, bool is_admin, Request*& mismatched) {
    const nvme::Sqe& sqe = request.sqe;
    const auto half = request.half();
    if (half == 0) {
        return status::kSuccess;
    }
    const auto wanted =
        half == nvme::Sqe::kFusedFirst ? nvme::IoOpcode::kCompare : nvme::IoOpcode::kWrite;
    if (is_admin || half == nvme::Sqe::kFusedMask || sqe.opcode != static_cast<uint8_t>(wanted)) {
        return status::kInvalidField.dnr().at(0, 8);
    }
    if (nvme::block_count(sqe) > Namespace::kCompareAndWriteBlocks) {
        return status::kInvalidField.dnr().at(12);
    }
    if (half == nvme::Sqe::kFusedFirst) {
        first_ = &request;
        return status::kSuccess;
    }
    if (first_ == nullptr) {
        return failed_ ? status::kFailedFused : status::kMissingFused;
    }
    const nvme::Sqe& first = first_->sqe;
    if (first.nsid != sqe.nsid || nvme::start_block(first) != nvme::start_block(sqe) ||
        nvme::block_count(first) != nvme::block_count(sqe)) {
        const unsigned differs = first.nsid != sqe.nsid                               ? 1
                                 : nvme::start_block(first) != nvme::start_block(sqe) ? 10
                                                                                      : 12;
        mismatched = take_first();
        return status::kInvalidField.dnr().at(differs);
    }
    request.partner = take_first();
    request.partner->partner = &request;
    return status::kSuccess;
}

void FusedPair::judged(const Request& request, nvme::Status verdict) {
    failed_ = request.half() == nvme::Sqe::kFusedFirst && !verdict.ok();
}

void FusedPair::drop(const Request& request) {
    if (first_ == &request) {
        first_ = nullptr;
        failed_ = true;
    }
}

void FusedPair::part(Request& request) {
    request.partner->partner = nullptr;
    request.partner = nullptr;
}

}  // namespace target
