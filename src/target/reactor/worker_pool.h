// SPDX-License-Identifier: GPL-2.0-or-later
//
// A few threads for what would hold a reactor up: the epoll engine gives them disk work that is not
// in the page cache, labor.h arithmetic. Threads start with the first tasks. One thread (the
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

    struct Options {
        size_t threads = 4;  ///< enough to keep a disk busy; they sleep nearly all of the time
        int niceness = 0;    ///< added to that of the process
    };

    explicit WorkerPool(Options options) : options_(options) {}
    WorkerPool(const WorkerPool&) = delete;
    WorkerPool& operator=(const WorkerPool&) = delete;
    /// Waits for the tasks that run, and forgets the others; no `done` is called any more.
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

    const Options options_;
    base::UniqueFd event_;
    std::vector<std::thread> threads_;
    std::mutex mutex_;  ///< guards what follows
    std::condition_variable changed_;
    std::deque<Task> waiting_;
    std::vector<Task> ended_;
    bool closing_ = false;
};

}  // namespace target
