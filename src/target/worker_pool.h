// SPDX-License-Identifier: GPL-2.0-or-later
//
// A few threads for system calls that block and have no other form: the epoll engine gives them
// disk work that is not in the page cache. Threads start with the first task. One thread (the
// reactor's) owns the pool, gives tasks and takes results; the tasks themselves run elsewhere and
// must touch nothing that the owner changes meanwhile.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "base/fd.h"
#include "base/result.h"

namespace target {

class WorkerPool {
  public:
    /// A system call: its result, or minus its errno.
    using Work = std::function<int()>;
    using Done = std::function<void(int result)>;

    WorkerPool() = default;
    WorkerPool(const WorkerPool&) = delete;
    WorkerPool& operator=(const WorkerPool&) = delete;
    /// Waits for every task; no `done` is called any more.
    ~WorkerPool();

    /// Errors: no eventfd.
    base::Status open();

    void start(Work work, Done done);
    /// Readable when collect() has something to do.
    [[nodiscard]] int event_fd() const { return event_.get(); }
    /// Calls `done` of each task that has ended.
    void collect();

  private:
    struct Task {
        Work work;
        Done done;
        int result = 0;
    };

    void serve();

    base::UniqueFd event_;
    std::vector<std::thread> threads_;
    std::mutex mutex_;  ///< guards what follows
    std::condition_variable changed_;
    std::deque<Task> waiting_;
    std::vector<Task> ended_;
    bool closing_ = false;
};

}  // namespace target
