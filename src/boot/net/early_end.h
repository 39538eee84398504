// SPDX-License-Identifier: GPL-2.0-or-later
//
// An interface may be given several methods: ip=eth0:dhcp,dhcp6. What one of them gives may be all
// that the target needs, and the server of another one may not exist. The question whether the
// target is reached already is asked beside the waiting, in a process of its own, since names may
// have to be resolved for it.
#pragma once

#include <poll.h>

#include <functional>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "boot/net/interfaces.h"
#include "boot/side_task.h"

namespace boot {

class EarlyEnd {
  public:
    /// @param is_enough  may be empty: then nothing is
    explicit EarlyEnd(IsEnough is_enough) : is_enough_(std::move(is_enough)) {}

    /// Whether it is time to ask: more than before is ready, or the last answer is a second old.
    [[nodiscard]] bool is_due(size_t ready, base::TimePoint now) const;
    /// Asks, and does not wait. REQUIRES: is_due()
    void ask(const Network& so_far, size_t ready);
    /// Whether the answer has come and is yes.
    bool is_enough(const base::Clock& clock);

    void collect_fds(std::vector<pollfd>& fds) const;
    /// When it is due, whether or not more is ready.
    [[nodiscard]] base::TimePoint wake() const;

  private:
    IsEnough is_enough_;
    std::optional<SideTask> question_;
    size_t asked_ = 0;  ///< how much was ready then
    base::TimePoint again_{};
};

}  // namespace boot
