// SPDX-License-Identifier: GPL-2.0-or-later
//
// A thread that runs queues, as the protocol core sees it. Each queue has its lane, whose thread
// alone calls it as long as no command needs more than the lanes may do (turns.h):
//
//     control   where every queue begins, and admin queues stay. With one thread it is
//               the only lane, and everything runs there.
//     others    I/O queues move there once their hosts have authenticated. Such a queue refers
//               commands that it cannot execute there to control.
//
// The thread of a lane uses the state of the lane; control uses it in its turns.
#pragma once

#include <deque>
#include <functional>
#include <utility>

#include "target/reactor/buffer_pool.h"
#include "target/reactor/memory_share.h"

namespace target {

class Lane {
  public:
    /// @param number  0: control
    explicit Lane(unsigned number) : number_(number) {}
    virtual ~Lane() = default;
    Lane(const Lane&) = delete;
    Lane& operator=(const Lane&) = delete;

    [[nodiscard]] unsigned number() const { return number_; }
    /// Whether the caller runs on this lane.
    [[nodiscard]] virtual bool here() const = 0;
    /// Calls `action` there, in a turn to come. From any thread.
    virtual void post(std::function<void()> action) = 0;
    /// Calls `action` on this lane: at once if the caller runs there, else as post() does.
    template <class Action>
    void run(Action&& action) {
        if (here()) {
            action();
        } else {
            post(std::forward<Action>(action));
        }
    }
    /// As post(), by this lane for itself: what is to be done meanwhile goes first.
    virtual void defer(std::function<void()> action) { post(std::move(action)); }
    [[nodiscard]] BufferPool& buffers() { return buffers_; }
    [[nodiscard]] LaneMemory& memory() { return memory_; }

  private:
    const unsigned number_;
    BufferPool buffers_;
    LaneMemory memory_;
};

/// The lane of a program with one thread.
class OnlyLane final : public Lane {
  public:
    using Defer = std::function<void(std::function<void()> action)>;

    /// @param defer  has the thread's loop do something; without one there is no loop, and what is
    ///               deferred is done behind the action that is being done
    explicit OnlyLane(Defer defer = {}) : Lane(0), defer_(std::move(defer)) {}
    [[nodiscard]] bool here() const override { return true; }
    void post(std::function<void()> action) override { action(); }
    void defer(std::function<void()> action) override {
        if (defer_) {
            defer_(std::move(action));
            return;
        }
        deferred_.push_back(std::move(action));
        if (deferred_.size() > 1) {
            return;  // the loop below sees it
        }
        for (; !deferred_.empty(); deferred_.pop_front()) {
            std::exchange(deferred_.front(), nullptr)();
        }
    }

  private:
    const Defer defer_;
    std::deque<std::function<void()>> deferred_;
};

}  // namespace target
