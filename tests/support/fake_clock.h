// SPDX-License-Identifier: GPL-2.0-or-later
//
// A clock that the test winds: sleeping moves it on at once.
#pragma once

#include "base/clock.h"

namespace support {

class FakeClock final : public base::Clock {
  public:
    [[nodiscard]] base::TimePoint now() const override { return now_; }
    void sleep(base::milliseconds duration) override { now_ += duration; }

  private:
    base::TimePoint now_ = base::TimePoint(base::seconds(1));
};

}  // namespace support
