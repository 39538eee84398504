// SPDX-License-Identifier: GPL-2.0-or-later
//
// A thread that runs queues, as the protocol core sees it. Each queue has its lane, whose thread
// alone calls it as long as no command needs more than the lanes may do (turns.h):
//
//     control   where every queue begins, and admin queues stay. Where there is one thread it is
//               the only lane, and everything runs there.
//     others    I/O queues move there once their hosts have proved themselves. What such a queue
//               cannot do there it refers to control, command by command.
//
// What belongs to a lane is used by its thread, and by control in its turns.
#pragma once

#include <functional>

#include "target/buffer_pool.h"
#include "target/memory_share.h"

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
    [[nodiscard]] BufferPool& buffers() { return buffers_; }
    [[nodiscard]] LaneMemory& memory() { return memory_; }

  private:
    const unsigned number_;
    BufferPool buffers_;
    LaneMemory memory_;
};

/// The lane of whoever has one thread.
class OnlyLane final : public Lane {
  public:
    OnlyLane() : Lane(0) {}
    [[nodiscard]] bool here() const override { return true; }
    void post(std::function<void()> action) override { action(); }
};

}  // namespace target
