// SPDX-License-Identifier: GPL-2.0-or-later
//
// The third part of Queue: the memory of its commands, and the identifiers that they own.
#include <algorithm>
#include <memory>
#include <utility>

#include "target/queue.h"

namespace target {
namespace {

/// Commands of a peer that is not connected yet.
constexpr size_t kUnconnectedRequests = 2;
/// Beyond the queue's size: Asynchronous Event Requests, which give their entry back when they are
/// fetched, and Authentication commands, which hosts send beside a full queue.
constexpr size_t kExtraRequests = 8;

}  // namespace

size_t Queue::request_limit() const {
    return controller_ == nullptr ? kUnconnectedRequests
                                  : target_.limits().queue_entries + kExtraRequests;
}

/// A host may use an identifier again once it has the answer, which it may have before we know that
/// the answer has gone: so what counts are commands without an answer. A host that names a command
/// like an event request of its own has given that one up, as SPDK's does before it shuts a
/// controller down.
bool Queue::claim_cid(Request& request) {
    if (cids_ != nullptr && cids_->test(request.sqe.cid)) {
        if (Request* event = take_async_request(request.sqe.cid)) {
            release(*event);
        }
    }
    request.owns_cid = cids_ != nullptr && !cids_->test(request.sqe.cid);
    if (request.owns_cid) {
        cids_->set(request.sqe.cid);
    }
    return request.owns_cid || cids_ == nullptr;
}

void Queue::give_up_cid(Request& request) {
    if (std::exchange(request.owns_cid, false)) {
        cids_->reset(request.sqe.cid);
    }
}

Request* Queue::new_request() {
    // A command that is answered at once is not counted as unanswered, but holds memory until its
    // answer has gone; a host may have the answer, and send the next, before we know that it went.
    const size_t alive = requests_.size() - free_.size();
    if (unanswered_ >= request_limit() || alive >= 2 * request_limit() ||
        (free_.empty() && requests_.size() == kSlots)) {
        return nullptr;
    }
    if (free_.empty()) {
        const auto slot = static_cast<uint16_t>(requests_.size());
        requests_.push_back(std::make_unique<Request>(*this, slot));
        free_.push_back(slot);
    }
    Request& request = *requests_[free_.back()];
    free_.pop_back();
    ++unanswered_;
    request.state = Request::State::kReceiving;
    request.lane = lane_->number();
    request.transfer = 0;
    request.meant = 0;
    request.judged = false;
    request.fate = nvme::status::kSuccess;
    request.step = 0;
    request.failed_block.reset();
    request.protection = nullptr;
    request.tuples = {};
    request.partner = nullptr;
    return &request;
}

void Queue::release(Request& request) {
    if (request.state != Request::State::kAnswering) {
        --unanswered_;
    }
    give_up_cid(request);
    free_buffer(request.buffer);
    free_buffer(request.scratch);
    request.leave();
    request.ns.reset();
    request.state = Request::State::kFree;
    free_.push_back(request.slot);
}

void Queue::take_scratch(Request& request, size_t size) {
    request.scratch = lane_->buffers().take(std::min(size, kScratchBytes));
    buffered_ += request.scratch.size();
}

void Queue::take_buffer(Request& request, size_t size) {
    request.buffer = lane_->buffers().take(size);
    buffered_ += size;
}

void Queue::free_buffer(Buffer& buffer) {
    buffered_ -= buffer.size();
    buffer.reset();
}

}  // namespace target
