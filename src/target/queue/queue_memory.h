// SPDX-License-Identifier: GPL-2.0-or-later
//
// The memory that the commands of one queue hold, and its bound. It is counted as that of a host,
// or of a host that nobody knows, as that of its network: see LaneMemory.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "target/queue/queue_context.h"
#include "target/queue/request.h"
#include "target/reactor/buffer_pool.h"
#include "target/reactor/memory_share.h"

namespace target {

class QueueMemory {
  public:
    /// @param context  outlives this object
    explicit QueueMemory(QueueContext& context) : context_(context) {}
    QueueMemory(const QueueMemory&) = delete;
    QueueMemory& operator=(const QueueMemory&) = delete;
    ~QueueMemory();

    void take(Buffer& buffer, size_t size);
    void free(Buffer& buffer);
    /// Memory for the data in a capsule.
    void take_capsule(Request& request, size_t size);
    /// Frees the memory of the request's data, also if the data came with the command.
    void free_data(Request& request);

    /// Counts what is held as the host's, as far as the host is known by now.
    void count();
    /// Another lane runs the queue from now on. REQUIRES: nothing is held
    void move_to(Lane& lane);

    /// Whether a command may have its memory, as far as its own queue goes; one command always may.
    [[nodiscard]] bool is_within_queue(const Request& request) const;
    /// The same, and whether the lane has it for this host now.
    [[nodiscard]] bool has_room(const Request& request) const;
    /// Whether the host's part of the lane's memory leaves so much.
    [[nodiscard]] bool is_within_part(size_t bytes) const;
    /// The host holds so much that came with commands that no more are to be read for now, and some of
    /// it is of commands of this queue that are here as a whole.
    /// @param incoming  bytes of a command that is not here as a whole
    [[nodiscard]] bool is_sated(size_t incoming) const {
        return share_ != nullptr && capsule_bytes_ > incoming && LaneMemory::is_sated(*share_);
    }
    /// Calls `again` once when there may be room. If that is awaited already, it does nothing.
    void await(std::function<void()> again);

  private:
    void stop_counting();

    QueueContext& context_;
    size_t bytes_ = 0;
    size_t capsule_bytes_ = 0;            ///< of those, what came with commands
    std::shared_ptr<MemoryShare> share_;  ///< where they are counted; null: not connected yet
    bool awaits_ = false;
};

}  // namespace target
