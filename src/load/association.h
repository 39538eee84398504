// SPDX-License-Identifier: GPL-2.0-or-later
//
// A host at a target, from the first connection to the first I/O command, in the order in which
// Linux does it:
//
//   admin queue ─► CC.EN ─► CSTS.RDY ─► Identify Controller ─► Number of Queues ─► Identify
//   Namespace ─► I/O queues, one after the other ─► opened
#pragma once

#include <deque>
#include <functional>

#include "load/line.h"

namespace load {

struct AssociationOptions {
    LineOptions line;  ///< of each queue but for its number and size
    uint16_t io_queues = 1;
    uint16_t depth = 128;  ///< commands outstanding on an I/O queue
    uint32_t nsid = 1;
};

/// The properties of the disk from Identify.
struct Disk {
    uint64_t blocks = 0;
    uint32_t block_bytes = 0;
    uint32_t max_transfer = 0;  ///< bytes
};

class Association {
  public:
    struct Events {
        std::function<void()> opened;
        /// @param queue  0 is the first I/O queue
        std::function<void(size_t queue, host::Completion)> completed;
        std::function<void(base::Error)> lost;
    };

    /// @param reactor  outlives this object
    Association(target::Reactor& reactor, AssociationOptions options, Events events);

    void open();
    void close();
    /// It may be destroyed.
    [[nodiscard]] bool idle() const;

    /// REQUIRES: opened. @param queue  0 is the first I/O queue
    /// @return its identifier, unique among the commands outstanding on the queue
    uint16_t submit(size_t queue, host::Command command) {
        return io_[queue].submit(std::move(command));
    }
    [[nodiscard]] const Disk& disk() const { return disk_; }

  private:
    using Step = base::Status (Association::*)(const host::Completion&);

    void ask(host::Command command, Step next);
    void on_admin(const host::Completion& completion);
    base::Status on_enabled(const host::Completion& completion);
    base::Status on_status(const host::Completion& completion);
    base::Status on_controller(const host::Completion& completion);
    base::Status on_queues(const host::Completion& completion);
    base::Status on_namespace(const host::Completion& completion);
    void open_next_queue();
    void fail(base::Error error);

    target::Reactor& reactor_;
    AssociationOptions options_;
    Events events_;
    Line admin_;
    std::deque<Line> io_;
    Step next_ = nullptr;
    uint32_t io_capsule_bytes_ = 0;
    Disk disk_;
    bool closed_ = false;
};

}  // namespace load
