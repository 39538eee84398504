// SPDX-License-Identifier: GPL-2.0-or-later
//
// Work in a process of its own, for two reasons. The kernel's NVMe entry points (a write to
// /dev/nvme-fabrics, to delete_controller, to dhchap_secret) sleep where no signal reaches, for
// minutes beside a stalled target; the boot must go on at its own deadline, so it waits for a pipe
// and leaves the sleeper behind. And the modules load while the network comes up.
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
    /// Returns a short text, at most kMaxText bytes: a longer one is cut.
    using Work = std::function<base::Result<std::string>()>;
    static constexpr size_t kMaxText = 4096;

    /// Forks. @param what  names the work in errors: `connect 10.0.0.1:4420`.
    static base::Result<SideTask> start(std::string what, const Work& work);

    SideTask(SideTask&& other) noexcept;
    SideTask& operator=(SideTask&& other) noexcept;
    /// Abandons a child that was not waited for.
    ~SideTask();

    /// Becomes readable when the work ends, for poll(2).
    [[nodiscard]] int fd() const { return pipe_.get(); }

    /// What the work returned. Errors: the work's own; ETIMEDOUT at the deadline, after which the
    /// child has a SIGKILL pending and acts on it when the kernel lets it; EPIPE when it died.
    /// May be called once.
    base::Result<std::string> wait(const base::Deadline& deadline);
    /// As above, and asks `hopeless` four times a second: when it says so the child is abandoned
    /// with ECONNABORTED.
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
