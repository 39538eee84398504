// SPDX-License-Identifier: GPL-2.0-or-later
//
// Time as a parameter. steady_clock counts from the start of the machine on Linux, so a TimePoint
// is also "seconds since the kernel started", which is how the boot log states its stages.
#pragma once

#include <algorithm>
#include <chrono>
#include <thread>

namespace base {

using std::chrono::milliseconds;
using std::chrono::seconds;
using TimePoint = std::chrono::steady_clock::time_point;

/// The seam for time: tests give a clock that they wind themselves.
class Clock {
  public:
    virtual ~Clock() = default;
    [[nodiscard]] virtual TimePoint now() const = 0;
    virtual void sleep(milliseconds duration) = 0;
};

class SystemClock final : public Clock {
  public:
    [[nodiscard]] TimePoint now() const override { return std::chrono::steady_clock::now(); }
    void sleep(milliseconds duration) override { std::this_thread::sleep_for(duration); }
};

/// A moment after which an attempt is given up. It borrows the clock.
class Deadline {
  public:
    Deadline(const Clock& clock, milliseconds span) : clock_(&clock), end_(clock.now() + span) {}

    [[nodiscard]] bool passed() const { return clock_->now() >= end_; }
    [[nodiscard]] TimePoint end() const { return end_; }
    /// Time left, never negative, rounded up so that poll(2) does not spin.
    [[nodiscard]] milliseconds left() const {
        return std::max(milliseconds(0), std::chrono::ceil<milliseconds>(end_ - clock_->now()));
    }
    /// The earlier of this deadline and `span` from now.
    [[nodiscard]] Deadline within(milliseconds span) const {
        Deadline sooner(*clock_, span);
        sooner.end_ = std::min(sooner.end_, end_);
        return sooner;
    }

  private:
    const Clock* clock_;
    TimePoint end_;
};

}  // namespace base
