// SPDX-License-Identifier: GPL-2.0-or-later
//
// Work in a process of its own, for two reasons. The kernel's NVMe entry points (a write to
// /dev/nvme-fabrics, to delete_controller, to dhchap_secret) sleep uninterruptibly, for minutes if
// a target is stalled. The boot must continue at its own deadline, so it waits for a pipe and
// abandons the sleeping process. And the modules load while the network comes up.
//
//     parent ── start(work) ──► child: work(), its result into the pipe, _exit
//        └───── wait(deadline) ◄── text or error, or ETIMEDOUT and the child is abandoned
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>

#include "base/clock.h"
#include "base/fd.h"
#include "base/result.h"

namespace boot {

class SideTask {
  public:
    /// Returns a short text, at most kMaxText bytes: a longer one is truncated.
    using Work = std::function<base::Result<std::string>()>;
    static constexpr size_t kMaxText = 4096;

    /// Forks. @param what  names the work in errors: `connect 10.0.0.1:4420`.
    static base::Result<SideTask> start(std::string what, const Work& work);

    SideTask(SideTask&& other) noexcept;
    SideTask& operator=(SideTask&& other) noexcept;
    /// Abandons a child whose result was not awaited.
    ~SideTask();

    /// Becomes readable when the work ends, for poll(2).
    [[nodiscard]] int fd() const { return pipe_.get(); }

    /// The result of the work. Errors: the work's own; ETIMEDOUT at the deadline, after which the
    /// child has a pending SIGKILL, which takes effect when the kernel returns; EPIPE if it died.
    /// May be called once.
    base::Result<std::string> wait(const base::Deadline& deadline);
    /// As above, and calls `hopeless` four times a second; if it returns true, the child is
    /// abandoned with ECONNABORTED.
    base::Result<std::string> wait(const base::Deadline& deadline,
                                   const std::function<bool()>& hopeless);

  private:
    SideTask(std::string what, pid_t child, base::UniqueFd pipe);
    void abandon();

    std::string what_;
    pid_t child_ = -1;
    base::UniqueFd pipe_;
};

}  // namespace boot
