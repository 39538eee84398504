// SPDX-License-Identifier: GPL-2.0-or-later
//
// Access of several threads to shared state, without a lock on the path of any command.
//
//     lanes      move data. Within a turn of its reactor a lane reads what is shared, and changes
//                only what is its own. Lanes never wait for each other.
//     control    does all that is rare. Within its turns no lane has one: it may change anything.
//
//     lane 1   ──[turn]──[turn]──·        ·──[turn]──          · waits for control
//     lane 2   ────[turn]──[  turn  ]─·   ·────[turn]──
//     control  sleeps ────────────────[turn]── sleeps
//
// Control's turns are short, but hosts may cause many: in the long run it rests as long as it
// works.
//
// A lane that begins a turn writes to a cache line of its own and reads one that only control
// writes, so as long as control sleeps the lanes share nothing.
#pragma once

#include <atomic>
#include <deque>

#include "base/clock.h"
#include "target/reactor/reactor.h"

namespace target {

class Turns {
  public:
    /// The time that control may work without a rest of the same length.
    static constexpr base::milliseconds kLongestWork{1};

    /// @param lanes  how many there are. @param clock  outlives it
    Turns(size_t lanes, base::Clock& clock);
    Turns(const Turns&) = delete;
    Turns& operator=(const Turns&) = delete;

    /// One thread may be control.
    [[nodiscard]] TurnGuard& control() { return control_; }
    /// @param index  from 0 on
    [[nodiscard]] TurnGuard& lane(size_t index) { return lanes_[index]; }

  private:
    static constexpr size_t kCacheLine = 64;

    class alignas(kCacheLine) Control final : public TurnGuard {
      public:
        explicit Control(Turns& turns) : turns_(turns) {}
        void begin() override;
        void end() override;
        /// Whether it has a turn, or waits for one: seen by all lanes.
        [[nodiscard]] bool wants() const { return wants_.load() != 0; }
        void wait_for_end() const { wants_.wait(1); }

      private:
        void rest();

        Turns& turns_;
        std::atomic<int> wants_ = 0;
        base::TimePoint began_;
        base::TimePoint ended_;
        base::TimePoint::duration owed_{0};  ///< rest, at the end of the last turn
    };
    class alignas(kCacheLine) Lane final : public TurnGuard {
      public:
        explicit Lane(Control& control) : control_(control) {}
        void begin() override;
        void end() override;
        void wait_for_end() const { busy_.wait(1); }

      private:
        Control& control_;
        std::atomic<int> busy_ = 0;  ///< has a turn
    };

    base::Clock& clock_;
    Control control_{*this};
    std::deque<Lane> lanes_;
};

}  // namespace target
