// SPDX-License-Identifier: GPL-2.0-or-later
//
// The history of the boot, for people: notices on the console with their time, and
// /run/nvmeroot/state.json with every stage, its time, the outcome and the messages of the kernel.
// /run survives switch_root, so the real root can read the file. It never contains a secret.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/sys_paths.h"
#include "boot/failure.h"
#include "boot/handover/handover.h"
#include "boot/handover/wait_report.h"
#include "boot/kernel/kmsg.h"

namespace boot {

class BootState {
  public:
    /// Borrows both.
    BootState(const base::Clock& clock, const base::Log& log) : clock_(&clock), log_(&log) {}

    /// A stage begins, and the one before it ends. @param name  as in exit_code.h
    void begin(std::string_view name);
    void end();

    /// From now on every step is logged there, for debugging. Borrowed.
    void trace_to(const base::Log& log) { trace_ = &log; }
    /// From now on stages and failures are reported there, until it is null. Borrowed.
    void report_to(const WaitReport* report) { report_ = report; }
    /// A step, or several lines; dropped unless trace_to() was called.
    void trace(std::string_view text) const;

    /// One line for the console, with the time; also kept.
    void notice(std::string_view text);
    void warning(std::string_view text);
    /// As warning, and visible even if `quiet` is on the kernel command line.
    void alarm(std::string_view text);
    /// The one line that explains why there is no root.
    void failure(const Failure& failure);
    /// A failure that will be retried: logged only if it differs from the one before.
    void trying_again(const Failure& failure);

    /// Keeps the kernel's lines of the last attempt.
    void keep(const std::vector<KernelLine>& lines);
    void keep(const Root& root) { root_ = root; }

    [[nodiscard]] std::string json() const;
    /// Errors: the file cannot be written.
    [[nodiscard]] base::Status write(const base::SysPaths& sys) const;

  private:
    struct Stage {
        std::string name;
        double began = 0;  ///< seconds since the kernel started
        double ended = 0;
    };
    [[nodiscard]] double seconds() const;
    void write_outcome(base::JsonWriter& json) const;
    void write_stages(base::JsonWriter& json) const;
    void write_root(base::JsonWriter& json) const;

    const base::Clock* clock_;
    const base::Log* log_;
    const base::Log* trace_ = nullptr;
    const WaitReport* report_ = nullptr;
    std::vector<Stage> stages_;
    bool stage_open_ = false;
    std::vector<std::string> warnings_;
    std::vector<KernelLine> kernel_lines_;
    std::optional<Failure> failure_;
    std::optional<Root> root_;
    std::string last_trouble_;
    unsigned attempts_ = 1;
};

}  // namespace boot
