// SPDX-License-Identifier: GPL-2.0-or-later
//
// An interface may have several methods: ip=eth0:dhcp,dhcp6. The result of one of them may be
// sufficient for the target, and the server of another one may not exist. While the network waits,
// a process of its own therefore checks whether the target can be reached already; it may have to
// resolve names for that.
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
    /// @param is_enough  may be empty; the result is then always no
    explicit EarlyEnd(IsEnough is_enough) : is_enough_(std::move(is_enough)) {}

    /// Whether it is time for a check: more is ready than before, or the last result is a second
    /// old.
    [[nodiscard]] bool is_due(size_t ready, base::TimePoint now) const;
    /// Starts a check, and does not wait. REQUIRES: is_due()
    void ask(const Network& so_far, size_t ready);
    /// Whether the check has ended and succeeded.
    bool is_enough(const base::Clock& clock);

    void collect_fds(std::vector<pollfd>& fds) const;
    /// When the next check is due, whether or not more is ready.
    [[nodiscard]] base::TimePoint wake() const;

  private:
    IsEnough is_enough_;
    std::optional<SideTask> question_;
    size_t asked_ = 0;  ///< how much was ready then
    base::TimePoint again_{};
};

}  // namespace boot
