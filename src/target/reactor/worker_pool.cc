// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/reactor/worker_pool.h"

#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace target {
base::Status WorkerPool::open() {
    event_ = base::UniqueFd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    return event_.valid() ? base::Status(base::done()) : base::errno_error(errno, "eventfd");
}

WorkerPool::~WorkerPool() {
    {
        const std::lock_guard lock(mutex_);
        closing_ = true;
        waiting_.clear();
    }
    changed_.notify_all();
    for (std::thread& thread : threads_) {
        thread.join();
    }
}

void WorkerPool::start(Work work, Done done) {
    if (threads_.size() < options_.threads) {
        threads_.emplace_back([this] { serve(); });
    }
    {
        const std::lock_guard lock(mutex_);
        waiting_.push_back({std::move(work), std::move(done)});
    }
    changed_.notify_one();
}

void WorkerPool::collect() {
    eventfd_t count = 0;
    (void)eventfd_read(event_.get(), &count);  // EAGAIN: somebody collected before
    std::vector<Task> ended;
    {
        const std::lock_guard lock(mutex_);
        ended.swap(ended_);
    }
    for (Task& task : ended) {
        task.done(task.result);
    }
}

void WorkerPool::serve() {
    if (options_.niceness != 0) {
        // On Linux a thread has its own. The thread works even if the priority cannot be lowered.
        (void)setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()),
                          getpriority(PRIO_PROCESS, 0) + options_.niceness);
    }
    std::unique_lock lock(mutex_);
    while (true) {
        changed_.wait(lock, [this] { return closing_ || !waiting_.empty(); });
        if (waiting_.empty()) {
            return;
        }
        Task task = std::move(waiting_.front());
        waiting_.pop_front();
        lock.unlock();
        task.result = task.work();
        lock.lock();
        ended_.push_back(std::move(task));
        if (ended_.size() == 1) {
            (void)eventfd_write(event_.get(), 1);  // cannot overflow: collect() resets it
        }
    }
}

}  // namespace target
