// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <algorithm>
#include <utility>

#include "base/clock.h"

namespace base {

/// The pauses between attempts: each is twice as long as the one before, up to a limit.
class Backoff {
  public:
    Backoff(milliseconds first, milliseconds longest) : next_(first), longest_(longest) {}

    milliseconds next() { return std::exchange(next_, std::min(next_ * 2, longest_)); }

  private:
    milliseconds next_;
    milliseconds longest_;
};

}  // namespace base
