// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/queue/queue_memory.h"

#include <algorithm>
#include <utility>

#include "target/reactor/fair_order.h"

namespace target {
namespace {

/// Memory that the commands of one queue may hold; one command always may.
constexpr size_t kQueueBytes = size_t{4} << 20U;
/// With so much to send a queue reads no more: what is sent soon comes out of the processor's
/// cache.
constexpr size_t kUnsentBytes = size_t{1} << 20U;
/// Both, for who only asks what there is.
constexpr size_t kVisitorBytes = Controller::kDiscoveryTransfer;

}  // namespace

QueueMemory::~QueueMemory() {
    if (share_ == nullptr) {
        return;
    }
    stop_counting();
    if (context_.lane->memory().may_wake()) {
        context_.lane->post([lane = context_.lane] { lane->memory().wake(); });
    }
}

void QueueMemory::take(Buffer& buffer, size_t size) {
    if (size == 0) {
        return;
    }
    buffer = context_.lane->buffers().take(size);
    bytes_ += size;
    if (share_ != nullptr) {
        context_.lane->memory().take(*share_, size);
    }
}

void QueueMemory::free(Buffer& buffer) {
    bytes_ -= buffer.size();
    if (share_ != nullptr && buffer.size() > 0) {
        context_.lane->memory().give_back(share_, buffer.size());
    }
    buffer.reset();
}

void QueueMemory::take_capsule(Request& request, size_t size) {
    take(request.buffer, size);
    request.capsule_bytes = size;
    capsule_bytes_ += size;
    if (share_ != nullptr) {
        LaneMemory::take_capsule(*share_, size);
    }
}

void QueueMemory::free_data(Request& request) {
    const size_t came = std::exchange(request.capsule_bytes, 0);
    capsule_bytes_ -= came;
    if (share_ != nullptr && came > 0) {
        LaneMemory::give_back_capsule(*share_, came);
    }
    free(request.buffer);
}

void QueueMemory::count() {
    const bool known = context_.authenticated || context_.target.access().knows(context_.hostnqn);
    LaneMemory& memory = context_.lane->memory();
    const std::shared_ptr<MemoryShare> share =
        memory.share(known ? context_.hostnqn : network_of(context_.endpoints.peer_address));
    stop_counting();
    memory.take(*share, bytes_);
    LaneMemory::take_capsule(*share, capsule_bytes_);
    LaneMemory::add_reader(*share, this, [this] { context_.owner.ready(); });
    share_ = share;
}

void QueueMemory::stop_counting() {
    if (share_ != nullptr) {
        LaneMemory::remove_reader(*share_, this);
        LaneMemory::give_back_capsule(*share_, capsule_bytes_);
        context_.lane->memory().give_back(share_, bytes_);
        share_ = nullptr;
    }
}

void QueueMemory::move_to(Lane& lane) {
    stop_counting();
    context_.lane = &lane;
    count();
}

bool QueueMemory::is_within_queue(const Request& request) const {
    const bool reads = request.direction() == nvme::DataDirection::kToHost;
    const size_t most = context_.is_visitor() ? kVisitorBytes : kQueueBytes;
    return bytes_ == 0 || (bytes_ + request.memory() <= most &&
                           (!reads || context_.out.bytes() < std::min(most, kUnsentBytes)));
}

bool QueueMemory::has_room(const Request& request) const {
    return is_within_queue(request) &&
           (share_ == nullptr || context_.lane->memory().has_room(*share_, request.memory()));
}

bool QueueMemory::is_within_part(size_t bytes) const {
    return share_ == nullptr || context_.lane->memory().is_within_part(*share_, bytes);
}

void QueueMemory::await(std::function<void()> again) {
    if (share_ == nullptr || std::exchange(awaits_, true)) {
        return;
    }
    context_.lane->memory().wait(share_, context_.alive.guard([this, again = std::move(again)] {
        awaits_ = false;
        again();
    }));
}

}  // namespace target
