// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/reactor/memory_share.h"

#include <algorithm>
#include <utility>

namespace target {

void LaneMemory::divide(size_t lanes) {
    most_ = std::max(kAll / lanes, kLeast);
    most_of_host_ = std::max(most_ / kHosts, kLeastOfHost);
}

std::shared_ptr<MemoryShare> LaneMemory::share(const std::string& host) {
    if (shares_.size() >= sweep_at_) {
        std::erase_if(shares_, [](const auto& entry) { return entry.second.expired(); });
        sweep_at_ = 2 * shares_.size() + 64;
    }
    auto& known = shares_[host];
    auto share = known.lock();
    if (share == nullptr) {
        share = std::make_shared<MemoryShare>();
        known = share;
    }
    return share;
}

bool LaneMemory::has_room(const MemoryShare& share, size_t bytes) const {
    return is_within_part(share, bytes) && counted_ + bytes <= most_;
}

/// @param bytes  that the share holds from now on
void LaneMemory::change(MemoryShare& share, size_t bytes) {
    bytes_ = bytes_ - share.bytes_ + bytes;
    counted_ = counted_ - std::min(share.bytes_, most_of_host_) + std::min(bytes, most_of_host_);
    share.bytes_ = bytes;
}

void LaneMemory::take(MemoryShare& share, size_t bytes) {
    change(share, share.bytes_ + bytes);
}

void LaneMemory::give_back(const std::shared_ptr<MemoryShare>& share, size_t bytes) {
    change(*share, share->bytes_ - bytes);
    list(share);
}

void LaneMemory::take_capsule(MemoryShare& share, size_t bytes) {
    share.capsule_bytes_ += bytes;
    share.is_sated_ = share.is_sated_ || share.capsule_bytes_ > kCapsulesOfHost;
}

void LaneMemory::give_back_capsule(MemoryShare& share, size_t bytes) {
    share.capsule_bytes_ -= bytes;
    if (share.is_sated_ && share.capsule_bytes_ < kCapsulesOfHost / 2) {
        share.is_sated_ = false;
        for (const auto& [reader, again] : share.readers_) {
            again();
        }
    }
}

void LaneMemory::add_reader(MemoryShare& share, const void* reader, std::function<void()> again) {
    share.readers_.emplace(reader, std::move(again));
}

void LaneMemory::remove_reader(MemoryShare& share, const void* reader) {
    share.readers_.erase(reader);
}

void LaneMemory::list(const std::shared_ptr<MemoryShare>& share) {
    if (!share->waiting_.empty() && !std::exchange(share->listed_, true)) {
        listed_.push_back(share);
    }
}

void LaneMemory::wait(const std::shared_ptr<MemoryShare>& share, std::function<void()> again) {
    share->waiting_.push_back(std::move(again));
    if (share->bytes_ < most_of_host_) {  // it is the lane that has no room
        list(share);
    }
}

/// Each waiter that continues gives memory back later, and wakes others then: two for one is
/// enough.
void LaneMemory::wake() {
    constexpr int kAtOnce = 2;
    if (std::exchange(waking_, true)) {
        return;  // a waiter that continues may be done at once
    }
    for (int i = 0; i < kAtOnce && may_wake(); ++i) {
        const auto share = std::move(listed_.front());
        listed_.pop_front();
        share->listed_ = false;
        if (share->waiting_.empty() || share->bytes_ >= most_of_host_) {
            continue;  // its own memory that comes back lists it again
        }
        const auto again = std::move(share->waiting_.front());
        share->waiting_.pop_front();
        list(share);
        again();
    }
    waking_ = false;
}

}  // namespace target
