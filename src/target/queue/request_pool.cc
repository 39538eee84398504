// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/queue/request_pool.h"

#include <algorithm>
#include <utility>

namespace target {
namespace {

/// Commands of a peer that is not connected yet.
constexpr size_t kUnconnectedRequests = 2;
/// Beyond the queue's size: what is_beside().
constexpr size_t kExtraRequests = 8;

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

void RequestPool::let_go() {
    for (auto& request : requests_) {
        if (!request->submitted) {
            request->leave();
        }
    }
    for (auto& request : requests_) {
        if (request->submitted) {
            request->given_up = true;
            request->queue = nullptr;
            (void)request.release();  // deletes itself when its backend is done
        }
    }
}

void RequestPool::connect(uint16_t sqsize, bool is_admin) {
    connected_ = true;
    is_admin_ = is_admin;
    sqsize_ = sqsize;
    cids_ = std::make_unique<CidSet>();
}

size_t RequestPool::limit() const {
    return connected_ ? sqsize_ + 1U + kExtraRequests : kUnconnectedRequests;
}

/// A queue of SQSIZE + 1 entries keeps one of them empty, but where commands travel in capsules
/// nothing is lost if a host uses that one too, as some do.
bool RequestPool::may_begin(bool beside) const {
    if (!connected_) {
        return unanswered_ < kUnconnectedRequests;
    }
    return beside ? beside_ < kExtraRequests : unanswered_ - beside_ < sqsize_ + 1U;
}

Request* RequestPool::take(const nvme::Sqe& sqe, unsigned lane, size_t late) {
    // A command that is answered at once is not counted as unanswered, but holds memory until its
    // answer has gone; a host may have the answer, and send the next, before we know that it went.
    const size_t alive = requests_.size() - free_.size() - late;
    const bool beside = connected_ && is_beside(sqe, is_admin_);
    if (!may_begin(beside) || alive >= 2 * limit() ||
        (free_.empty() && requests_.size() == kSlots)) {
        return nullptr;
    }
    if (free_.empty()) {
        const auto slot = static_cast<uint16_t>(requests_.size());
        requests_.push_back(make_(slot));
        free_.push_back(slot);
    }
    Request& request = *requests_[free_.back()];
    free_.pop_back();
    ++unanswered_;
    beside_ += beside ? 1 : 0;
    request.begin(sqe, lane);
    request.beside = beside;
    return &request;
}

void RequestPool::answered(const Request& request) {
    --unanswered_;
    beside_ -= request.beside ? 1 : 0;
}

void RequestPool::put_back(Request& request) {
    give_up_cid(request);
    request.end();
    free_.push_back(request.slot);
}

/// A host may use an identifier again once it has the answer, which it may have before we know that
/// the answer has gone: so what counts are commands without an answer.
bool RequestPool::claim_cid(Request& request) {
    request.owns_cid = cids_ != nullptr && !is_taken(request.sqe.cid);
    if (request.owns_cid) {
        cids_->set(request.sqe.cid);
    }
    return request.owns_cid || cids_ == nullptr;
}

void RequestPool::give_up_cid(Request& request) {
    if (std::exchange(request.owns_cid, false)) {
        cids_->reset(request.sqe.cid);
    }
}

Request* RequestPool::find(uint16_t cid) const {
    const auto found = std::ranges::find_if(
        requests_, [&](const auto& r) { return r->owns_cid && r->sqe.cid == cid; });
    return found == requests_.end() ? nullptr : found->get();
}

}  // namespace target
