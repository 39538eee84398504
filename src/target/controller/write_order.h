// SPDX-License-Identifier: GPL-2.0-or-later
//
// The order of writes to one namespace, where it matters. Plain writes never wait for each other: a
// host that writes one block twice at a time gets either. An exclusive place is for what no other
// write may come between: the two halves of a Compare and Write, or the end of a host's access. It
// waits for all writes before it that touch its blocks, and all writes after it wait for it.
//
//     W[0..8)  W[8..16)  X[4..12) waits for both  W[8..9) waits for X  W[20..21) goes at once
//
// Each lane (lane.h) has a list of its own, so that plain writes meet nowhere. As long as there is
// an exclusive place, which only control may take, everybody who comes goes to control's order
// (range_order.h), and so do those that the lists held when the first exclusive place was taken.
//
// Turns are given from a loop, however deep the call that ends a place, and a few at a time:
// between them the thread does what else it has to do.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "target/storage/range_order.h"

namespace target {

class WriteOrder;

/// A command's place. Leaves when it goes.
class WritePlace {
  public:
    WritePlace() = default;
    WritePlace(const WritePlace&) = delete;
    WritePlace& operator=(const WritePlace&) = delete;
    void leave();
    /// It has a place, and it is not its turn.
    [[nodiscard]] bool waits() const { return waiting_; }

  protected:
    ~WritePlace() { leave(); }
    /// It is this place's turn. Called once for each enter() that returned false, unless it leaves.
    virtual void on_turn() = 0;

  private:
    friend class WriteOrder;
    WriteOrder* order_ = nullptr;  ///< null: has no place
    unsigned lane_ = 0;            ///< that took it
    uint64_t first_ = 0;           ///< blocks
    uint64_t end_ = 0;
    bool exclusive_ = false;
    bool waiting_ = false;
    RangeOrder::Place* ordered_ = nullptr;  ///< null: in its lane's list
    WritePlace* before_ = nullptr;
    WritePlace* after_ = nullptr;
};

class WriteOrder {
  public:
    /// Places that may wait at a time.
    static constexpr size_t kMostWaiting = 32768;
    /// Turns that are given one after the other.
    static constexpr size_t kTurnsAtOnce = 8;

    WriteOrder() = default;
    ~WriteOrder();
    /// There is a loop, and there may be lanes. To be called before the first place is taken.
    /// @param lanes  how many there are in addition to control
    /// @param ask_control  has control call pass_on() in a turn to come
    void spread(size_t lanes, std::function<void()> ask_control);
    WriteOrder(const WriteOrder&) = delete;
    WriteOrder& operator=(const WriteOrder&) = delete;

    enum class Kind : bool { kPlain, kExclusive };

    /// Whether control alone may take a place.
    [[nodiscard]] bool is_contended() const { return exclusive_ > 0; }
    /// Whether too many wait: the last one should rather come again later.
    [[nodiscard]] bool is_overfull() const { return waiting_ > kMostWaiting; }
    /// Takes a place behind all others. @return whether it is its turn at once.
    /// @param blocks  RangeOrder::kWholeDisk: all of them
    /// @param lane  of the caller; control's for an exclusive place, and when is_contended()
    /// REQUIRES: `place` has left before.
    bool enter(WritePlace& place, uint64_t first, uint64_t blocks, Kind kind, unsigned lane = 0);
    /// Gives places their turns for which it has come. On control.
    void pass_on();
    /// Those that wait.
    [[nodiscard]] size_t waiting() const { return waiting_; }
    /// As RangeOrder::steps().
    [[nodiscard]] uint64_t steps() const { return ranges_.steps(); }

  private:
    friend class WritePlace;
    static constexpr size_t kCacheLine = 64;
    struct alignas(kCacheLine) List {
        WritePlace* first = nullptr;
        WritePlace* last = nullptr;
        std::vector<RangeOrder::Place*> left;  ///< by its lane, and not yet out of the order
    };

    static void append(List& list, WritePlace& place);
    static void take_out(List& list, WritePlace& place);
    void order(WritePlace& place);
    void order_lists();
    void remove(WritePlace& place);

    std::vector<List> lists_{1};  ///< by lane
    std::function<void()> ask_control_;

    // of control
    RangeOrder ranges_;
    size_t exclusive_ = 0;  ///< places
    size_t waiting_ = 0;    ///< likewise
    bool passing_on_ = false;
    bool* gone_ = nullptr;  ///< set when this goes, while turns are given
};

}  // namespace target
