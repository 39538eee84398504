// SPDX-License-Identifier: GPL-2.0-or-later
//
// What is said while the boot waits. `quiet` on the command line, every distribution's default,
// hides all of our lines but errors: a boot that tries in vain for three minutes would be a black
// screen. After ten seconds, and each minute from then on, one line of that importance says what
// the trouble is and how long it will be tried.
//
// A stage may sleep for a long time, so the lines come from a process of its own, which is told of
// each stage and each trouble.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "boot/side_task.h"

namespace boot {

/// When to say what.
class WaitLines {
  public:
    /// @param end  when the boot is given up
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

/// The process that says them. It ends with this object, or with the process that made it.
class WaitReport {
  public:
    /// Without it the boot goes on in silence.
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
