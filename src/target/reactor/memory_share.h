// SPDX-License-Identifier: GPL-2.0-or-later
//
// How much memory for data the queues of one lane hold together, so that no host takes all of it by
// asking and not reading, or by promising data that it does not send. Each host has a part of it;
// waiting hosts continue when memory is given back, one host after the other.
//
// The data that comes with commands cannot be refused, but it need not be read: if a host holds
// much of it, no more of its commands are read until half of it is given back.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>

namespace target {

/// The memory of the queues of one host.
class MemoryShare {
  private:
    friend class LaneMemory;
    size_t bytes_ = 0;
    std::deque<std::function<void()>> waiting_;
    bool listed_ = false;
    size_t capsule_bytes_ = 0;  ///< of those, what came with commands
    bool is_sated_ = false;
    std::map<const void*, std::function<void()>> readers_;
};

class LaneMemory {
  public:
    /// Of all lanes together; one lane has its part, but at least kLeast.
    static constexpr size_t kAll = size_t{256} << 20U;
    static constexpr size_t kLeast = size_t{64} << 20U;
    /// The part of a lane's memory for one host, as a fraction, but at least kLeastOfHost.
    static constexpr size_t kHosts = 4;
    static constexpr size_t kLeastOfHost = size_t{32} << 20U;

    /// The data in commands of one host on a lane, in bytes.
    static constexpr size_t kCapsulesOfHost = size_t{8} << 20U;

    /// To be called before anything is taken. @param lanes  how many there are
    void divide(size_t lanes);

    /// The share of a host, which it has as long as somebody holds it.
    std::shared_ptr<MemoryShare> share(const std::string& host);
    /// Whether the host has so much left of its part.
    [[nodiscard]] bool is_within_part(const MemoryShare& share, size_t bytes) const {
        return share.bytes_ + bytes <= most_of_host_;
    }
    /// Whether so much more may be taken.
    [[nodiscard]] bool has_room(const MemoryShare& share, size_t bytes) const;
    /// Counts, and refuses nothing.
    void take(MemoryShare& share, size_t bytes);
    void give_back(const std::shared_ptr<MemoryShare>& share, size_t bytes);

    /// Of what was taken, so much came with a command; likewise when it is given back. When the
    /// host may send more again, its readers are called.
    static void take_capsule(MemoryShare& share, size_t bytes);
    static void give_back_capsule(MemoryShare& share, size_t bytes);
    /// No more commands are to be read from this host for now.
    [[nodiscard]] static bool is_sated(const MemoryShare& share) { return share.is_sated_; }
    /// @param reader  identifies it until remove_reader(). @param again  may be read from again
    static void add_reader(MemoryShare& share, const void* reader, std::function<void()> again);
    static void remove_reader(MemoryShare& share, const void* reader);

    /// Calls `again` when there may be room; it asks, and may wait, again.
    void wait(const std::shared_ptr<MemoryShare>& share, std::function<void()> again);
    /// Lets some of the waiters continue, if there is room. To be called after something was given
    /// back.
    void wake();
    /// wake() has something to do.
    [[nodiscard]] bool may_wake() const { return !listed_.empty() && counted_ < most_; }

    [[nodiscard]] size_t bytes() const { return bytes_; }

  private:
    void change(MemoryShare& share, size_t bytes);
    void list(const std::shared_ptr<MemoryShare>& share);

    size_t most_ = kAll;
    size_t most_of_host_ = kAll / kHosts;
    size_t bytes_ = 0;
    /// Of these, no more of each host than its part. Data that comes with commands is not
    /// requested, so a host may hold more, but it takes that from no other host.
    size_t counted_ = 0;
    std::unordered_map<std::string, std::weak_ptr<MemoryShare>> shares_;
    size_t sweep_at_ = 64;
    /// Those that wait and may have room.
    std::deque<std::shared_ptr<MemoryShare>> listed_;
    bool waking_ = false;
};

}  // namespace target
