// SPDX-License-Identifier: GPL-2.0-or-later
//
// A machine that is still being made: each time that the client waits, the next step is done.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"

namespace support {

struct Step {
    std::string name;
    std::function<void()> make;
};

class GrowingClock final : public base::Clock {
  public:
    /// @param steps  in order; the first `done` of them are done at once, `most` in the end
    GrowingClock(const std::vector<Step>& steps, size_t done, size_t most)
        : steps_(steps), most_(most) {
        while (next_ < done) {
            steps_[next_++].make();
        }
    }
    [[nodiscard]] base::TimePoint now() const override { return now_; }
    void sleep(base::milliseconds time) override {
        now_ += time;
        if (next_ < most_) {
            steps_[next_++].make();
        }
    }

  private:
    const std::vector<Step>& steps_;
    size_t most_;
    size_t next_ = 0;
    base::TimePoint now_ = base::TimePoint(base::seconds(1));
};

}  // namespace support
