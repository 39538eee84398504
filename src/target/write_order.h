// SPDX-License-Identifier: GPL-2.0-or-later
//
// The order of writes to one namespace, where it matters. Plain writes never wait for each other: a
// host that writes one block twice at a time gets either. An exclusive place is for what no other
// write may come between: the two halves of a Compare and Write, or the end of a host's access. It
// waits for all writes before it that touch its blocks, and all writes after it wait for it.
//
//     W[0..8)  W[8..16)  X[4..12) waits for both  W[8..9) waits for X  W[20..21) goes at once
#pragma once

#include <cstddef>
#include <cstdint>

namespace target {

class WriteOrder;

/// A command's place. Leaves when it goes.
class WritePlace {
  public:
    WritePlace() = default;
    WritePlace(const WritePlace&) = delete;
    WritePlace& operator=(const WritePlace&) = delete;
    void leave();

  protected:
    ~WritePlace() { leave(); }
    /// It is this place's turn. Called once for each enter() that returned false.
    virtual void on_turn() = 0;

  private:
    friend class WriteOrder;
    WriteOrder* order_ = nullptr;  ///< null: has no place
    WritePlace* before_ = nullptr;
    WritePlace* after_ = nullptr;
    uint64_t first_ = 0;  ///< blocks
    uint64_t end_ = 0;
    bool exclusive_ = false;
    bool waiting_ = false;
};

class WriteOrder {
  public:
    WriteOrder() = default;
    WriteOrder(const WriteOrder&) = delete;
    WriteOrder& operator=(const WriteOrder&) = delete;

    enum class Kind : bool { kPlain, kExclusive };

    /// Takes a place behind all others. @return whether it is its turn at once.
    /// REQUIRES: `place` has left before.
    bool enter(WritePlace& place, uint64_t first, uint64_t blocks, Kind kind);

  private:
    friend class WritePlace;
    void remove(WritePlace& place);
    [[nodiscard]] static bool is_its_turn(const WritePlace& place);
    void pass_on();

    WritePlace* first_ = nullptr;
    WritePlace* last_ = nullptr;
    size_t exclusive_ = 0;  ///< places
    size_t waiting_ = 0;
};

}  // namespace target
