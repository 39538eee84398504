// SPDX-License-Identifier: GPL-2.0-or-later
//
// The messages while the boot waits. `quiet` on the command line, the default of every
// distribution, hides all messages of nvmeroot except errors, so a boot that tries for three
// minutes would show a black screen. After ten seconds, and every minute after that, one line with
// the importance of an error reports the failure and the time that remains.
//
// A stage may sleep for a long time, so a process of its own prints the lines. The boot tells it
// each stage and each failure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "boot/side_task.h"

namespace boot {

/// The schedule and text of the lines.
class WaitLines {
  public:
    /// @param end  deadline of the boot
    WaitLines(base::TimePoint begin, base::TimePoint end);

    void stage(std::string_view name) { stage_ = name; }
    void trouble(std::string_view text) { trouble_ = text; }

    /// When the next line is due.
    [[nodiscard]] base::TimePoint next() const { return next_; }
    /// The line that is due at `now`, if one is.
    std::optional<std::string> take(base::TimePoint now);

  private:
    base::TimePoint end_;
    base::TimePoint next_;
    std::string stage_;
    std::string trouble_;
};

/// The process that prints them. It ends with this object, or with the process that created it.
class WaitReport {
  public:
    /// Errors are ignored: the boot then continues without these lines.
    /// @param log, clock  borrowed
    WaitReport(const base::Log& log, const base::Clock& clock, base::TimePoint end);

    void stage(std::string_view name) const { tell('S', name); }
    void trouble(std::string_view text) const { tell('T', text); }

  private:
    void tell(char kind, std::string_view text) const;

    base::UniqueFd socket_;
    std::optional<SideTask> reporter_;
};

}  // namespace boot
