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
// an exclusive place, which only control may take, everybody who comes goes to control's list: so
// all other lists hold what came before.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

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
    unsigned lane_ = 0;            ///< whose list it is in
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
    /// There will be places of other lanes. To be called before the first place is taken.
    /// @param lanes  how many there are beside control
    /// @param ask_control  has control call pass_on()
    void spread(size_t lanes, std::function<void()> ask_control);
    WriteOrder(const WriteOrder&) = delete;
    WriteOrder& operator=(const WriteOrder&) = delete;

    enum class Kind : bool { kPlain, kExclusive };

    /// Whether control alone may take a place.
    [[nodiscard]] bool is_contended() const { return exclusive_ > 0; }
    /// Takes a place behind all others. @return whether it is its turn at once.
    /// @param lane  of the caller; control's for an exclusive place, and when is_contended()
    /// REQUIRES: `place` has left before.
    bool enter(WritePlace& place, uint64_t first, uint64_t blocks, Kind kind, unsigned lane = 0);
    /// Gives each place its turn for which it has come. On control.
    void pass_on();

  private:
    friend class WritePlace;
    static constexpr size_t kCacheLine = 64;
    struct alignas(kCacheLine) List {
        WritePlace* first = nullptr;
        WritePlace* last = nullptr;
    };

    void remove(WritePlace& place);
    [[nodiscard]] static bool excludes(const WritePlace& a, const WritePlace& b);
    [[nodiscard]] bool is_its_turn(const WritePlace& place) const;

    std::vector<List> lists_{1};  ///< by lane
    std::function<void()> ask_control_;
    size_t exclusive_ = 0;  ///< places, all in control's list
    size_t waiting_ = 0;    ///< likewise
};

}  // namespace target
