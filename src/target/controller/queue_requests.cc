// SPDX-License-Identifier: GPL-2.0-or-later
//
// The third part of Queue: the memory of its commands, and the identifiers that they own.
#include <algorithm>
#include <memory>
#include <utility>

#include "target/controller/queue.h"
#include "target/reactor/fair_order.h"

namespace target {
namespace {

/// Commands of a peer that is not connected yet.
constexpr size_t kUnconnectedRequests = 2;
/// Beyond the queue's size: what is_beside().
constexpr size_t kExtraRequests = 8;
/// Commands that were ended while their data was still to come.
constexpr size_t kMostLate = 64;

/// Asynchronous Event Requests give their entry back when they are fetched, and hosts send
/// Authentication commands in addition to a full queue.
bool is_beside(const nvme::Sqe& sqe, bool admin) {
    if (sqe.opcode == static_cast<uint8_t>(nvme::AdminOpcode::kFabrics)) {
        const auto type = nvme::fabrics_type(sqe);
        return type == nvme::FabricsType::kAuthSend || type == nvme::FabricsType::kAuthReceive;
    }
    return admin && sqe.opcode == static_cast<uint8_t>(nvme::AdminOpcode::kAsyncEventRequest);
}

}  // namespace

size_t Queue::request_limit() const {
    return controller_ == nullptr ? kUnconnectedRequests : sqsize_ + 1U + kExtraRequests;
}

/// A queue of SQSIZE + 1 entries keeps one of them empty, but where commands travel in capsules
/// nothing is lost if a host uses that one too, as some do.
bool Queue::may_begin(bool beside) const {
    if (controller_ == nullptr) {
        return unanswered_ < kUnconnectedRequests;
    }
    return beside ? beside_ < kExtraRequests : unanswered_ - beside_ < sqsize_ + 1U;
}

void Queue::not_unanswered(const Request& request) {
    --unanswered_;
    beside_ -= request.beside ? 1 : 0;
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

Request* Queue::new_request(const nvme::Sqe& sqe) {
    // A command that is answered at once is not counted as unanswered, but holds memory until its
    // answer has gone; a host may have the answer, and send the next, before we know that it went.
    const size_t alive = requests_.size() - free_.size() - late_.size();
    const bool beside = controller_ != nullptr && is_beside(sqe, qid_ == 0);
    if (!may_begin(beside) || alive >= 2 * request_limit() ||
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
    beside_ += beside ? 1 : 0;
    request.beside = beside;
    request.state = Request::State::kReceiving;
    request.lane = lane_->number();
    request.transfer = 0;
    request.scratch_bytes = 0;
    request.meant = 0;
    request.judged = false;
    request.fate = nvme::status::kSuccess;
    request.given_up.store(false, std::memory_order_relaxed);
    request.r2ts = {};
    request.step = 0;
    request.failed_block.reset();
    request.protection = nullptr;
    request.tuples = {};
    request.partner = nullptr;
    return &request;
}

void Queue::release(Request& request) {
    if (request.state != Request::State::kAnswering && request.state != Request::State::kLate) {
        not_unanswered(request);
    }
    if (request.r2ts.outstanding() > 0) {
        --transferring_;
    }
    give_up_cid(request);
    free_data(request);
    free_buffer(request.scratch);
    request.leave();
    request.ns.reset();
    request.state = Request::State::kFree;
    free_.push_back(request.slot);
}

/// Counts what this queue holds as its host's, or, of a host that nobody knows, as its network's.
void Queue::count_memory() {
    const bool known = authenticated_ || target_.access().knows(hostnqn_);
    const std::shared_ptr<MemoryShare> share =
        lane_->memory().share(known ? hostnqn_ : network_of(endpoints_.peer_address));
    stop_counting_memory();
    lane_->memory().take(*share, buffered_);
    LaneMemory::take_capsule(*share, capsule_bytes_);
    LaneMemory::add_reader(*share, this, [this] { owner_.ready(); });
    memory_ = share;
}

void Queue::stop_counting_memory() {
    if (memory_ != nullptr) {
        LaneMemory::remove_reader(*memory_, this);
        LaneMemory::give_back_capsule(*memory_, capsule_bytes_);
        lane_->memory().give_back(memory_, buffered_);
        memory_ = nullptr;
    }
}

void Queue::wait_for_memory() {
    if (memory_ != nullptr && !std::exchange(awaits_memory_, true)) {
        lane_->memory().wait(memory_, [self = self_] {
            if (*self != nullptr) {
                (*self)->awaits_memory_ = false;
                (*self)->start_waiting();
            }
        });
    }
}

/// A command was ended before the host has sent all that it was asked for. The host may not know
/// that yet, so nothing else is asked for by the same transfer tags.
void Queue::await_late_data(Request& request) {
    request.state = Request::State::kLate;
    late_.push_back(&request);
    if (late_.size() <= kMostLate) {
        return;
    }
    const auto oldest =  // of a host that does not send the rest
        std::ranges::find_if(late_, [this](const Request* late) { return late != pdu_request_; });
    Request& given_up = **oldest;
    late_.erase(oldest);
    release(given_up);
}

base::MutableBytes Queue::place_for_late_data(Request& request, size_t size) {
    if (transferring_ == late_.size()) {  // nothing else is awaited
        transfers_since_ = now_;
        transfers_owed_ = size;
        transfers_came_ = 0;
    }
    free_data(request);
    take_buffer(request.buffer, size);
    return request.buffer.bytes();
}

/// Data of a command that was ended has come. It is dropped.
void Queue::take_late_data(Request& request) {
    free_data(request);
    request.r2ts.take(pdu_part_, pdu_data_);
    transfers_came_ += pdu_data_;
    if (request.r2ts.outstanding() > 0) {
        return;
    }
    --transferring_;
    if (request.state == Request::State::kLate) {
        std::erase(late_, &request);
        release(request);
    }
}

void Queue::take_buffer(Buffer& buffer, size_t size) {
    if (size == 0) {
        return;
    }
    buffer = lane_->buffers().take(size);
    buffered_ += size;
    if (memory_ != nullptr) {
        lane_->memory().take(*memory_, size);
    }
}

void Queue::take_capsule(Request& request, size_t size) {
    take_buffer(request.buffer, size);
    request.capsule_bytes = size;
    capsule_bytes_ += size;
    if (memory_ != nullptr) {
        LaneMemory::take_capsule(*memory_, size);
    }
}

void Queue::free_data(Request& request) {
    const size_t came = std::exchange(request.capsule_bytes, 0);
    capsule_bytes_ -= came;
    if (memory_ != nullptr && came > 0) {
        LaneMemory::give_back_capsule(*memory_, came);
    }
    free_buffer(request.buffer);
}

void Queue::free_buffer(Buffer& buffer) {
    buffered_ -= buffer.size();
    if (memory_ != nullptr && buffer.size() > 0) {
        lane_->memory().give_back(memory_, buffer.size());
    }
    buffer.reset();
}

}  // namespace target
