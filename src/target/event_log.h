// SPDX-License-Identifier: GPL-2.0-or-later
//
// What happens on connections as lines of the log, one an event, each with the host's NQN and
// address. A host's own queues (qid 1 and up) are told at info level, so that a host that boots is
// a few lines, not dozens.
#pragma once

#include <string>

#include "base/log.h"
#include "target/events.h"

namespace target {

/// `host "NQN" at ADDRESS connected to "NQN", controller 3`
std::string describe(const Event& event);

/// How often things happened since the start.
struct EventCounts {
    uint64_t connected = 0;  ///< queues
    uint64_t refused = 0;
    uint64_t failed = 0;
};

class EventLog final : public EventSink {
  public:
    /// @param log  outlives this object
    explicit EventLog(const base::Log& log) : log_(log) {}
    void on_event(const Event& event) override;
    [[nodiscard]] const EventCounts& counts() const { return counts_; }

  private:
    EventCounts counts_;
    const base::Log& log_;
};

}  // namespace target
