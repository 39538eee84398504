// SPDX-License-Identifier: GPL-2.0-or-later
//
// What happens on connections as lines of the log, one an event, each with the host's NQN and
// address, and as lines of the audit log where there is one. A host's own queues (qid 1 and up) are
// told at info level, so that a host that boots is a few lines, not dozens. Trouble that strangers
// make is told as often as somebody could read it; how much was left out is told too.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/log.h"
#include "target/attempts.h"
#include "target/audit_log.h"
#include "target/events.h"

namespace target {

/// As in `refused`.
std::string_view name(Event::Kind kind);
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
    /// @param log, clock  outlive this object
    EventLog(const base::Log& log, const base::Clock& clock) : log_(log), clock_(clock) {}
    /// From now on; nothing: no audit log any more. The one before goes on with what it has.
    void audit(std::optional<AuditLog> audit);
    void on_event(const Event& event) override;
    [[nodiscard]] const EventCounts& counts() const { return counts_; }

  private:
    /// False: there was too much trouble of late.
    bool may_tell_trouble();
    void write_audit(const Event& event);

    EventCounts counts_;
    const base::Log& log_;
    const base::Clock& clock_;
    std::optional<AuditLog> audit_;
    std::vector<AuditLog> former_audits_;  ///< until they have written all of theirs
    LeakyBucket trouble_;
    uint64_t left_out_ = 0;
};

}  // namespace target
