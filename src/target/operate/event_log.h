// SPDX-License-Identifier: GPL-2.0-or-later
//
// Events on connections as lines of the log, one per event, each with the host's NQN and
// address, and as lines of the audit log where there is one. The I/O queues of a host (qid 1 and
// up) are logged at info level, so that a host that boots is a few lines, not dozens. Each kind of
// event has a limited rate, which is far lower for unauthenticated hosts than for authenticated
// ones; the number of omitted events is logged too.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "base/log.h"
#include "target/auth/attempts.h"
#include "target/operate/audit_log.h"
#include "target/wire/events.h"

namespace target {

/// How often things happened since the start.
struct EventCounts {
    uint64_t connected = 0;  ///< queues
    uint64_t refused = 0;
    uint64_t failed = 0;
    uint64_t left_out = 0;  ///< events that no log tells, for there were too many
};

/// The rate of lines of one kind: many at once, and then one after each interval.
class LineBound {
  public:
    struct Rule {
        double at_once = 100;
        base::milliseconds interval{200};
    };
    /// @return how many were left out before this one; nothing: this one is, too
    std::optional<uint64_t> pass(base::TimePoint now, const Rule& rule);

  private:
    LeakyBucket lines_;
    uint64_t left_out_ = 0;
};

class EventLog final : public EventSink {
  public:
    /// @param log, clock  outlive this object
    EventLog(const base::Log& log, const base::Clock& clock) : log_(log), clock_(clock) {}
    /// From now on; nothing: no audit log any more. The previous one continues with its pending
    /// lines.
    void audit(std::optional<AuditLog> audit);
    void on_event(const Event& event) override;
    [[nodiscard]] const EventCounts& counts() const { return counts_; }

  private:
    void write_audit(const Event& event, uint64_t left_out);

    EventCounts counts_;
    const base::Log& log_;
    const base::Clock& clock_;
    std::optional<AuditLog> audit_;
    std::vector<AuditLog> former_audits_;  ///< until they have written all of theirs
    LineBound trouble_;                    ///< refused, cut off
    LineBound strangers_;                  ///< other events of unauthenticated hosts
    LineBound proved_;
};

}  // namespace target
