// SPDX-License-Identifier: GPL-2.0-or-later
//
// The queues of one controller, and its interface to each. An I/O queue that still has to
// authenticate owns no id and is not a sign of life: anyone may claim to be the host.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string_view>

#include "base/clock.h"
#include "target/auth/auth.h"
#include "target/storage/backend.h"
#include "target/wire/session.h"

namespace target {

/// Totals for the SMART log.
struct IoCounters {
    uint64_t read_commands = 0;
    uint64_t write_commands = 0;
    uint64_t read_bytes = 0;
    uint64_t written_bytes = 0;
    uint64_t digest_errors = 0;  ///< data that came with another digest than it has
    uint64_t media_errors = 0;

    IoCounters& operator+=(const IoCounters& other);
};

/// A queue, as its controller knows it.
class AttachedQueue {
  public:
    [[nodiscard]] virtual uint16_t qid() const = 0;
    [[nodiscard]] virtual const Endpoints& endpoints() const = 0;
    /// No authentication has to come first any more.
    [[nodiscard]] virtual bool proved() const = 0;
    /// It has keys to authenticate with.
    [[nodiscard]] virtual bool has_keys() const = 0;
    /// It only asks what there is, and has not proved who it is.
    [[nodiscard]] virtual bool is_visitor() const = 0;
    /// No command is under way.
    [[nodiscard]] virtual bool is_idle() const = 0;
    /// As Standing::last_step.
    [[nodiscard]] virtual base::TimePoint last_step() const = 0;
    /// When the last command came.
    [[nodiscard]] virtual base::TimePoint last_command() const = 0;
    /// The counters of this queue; they are in use when this is called from another lane.
    [[nodiscard]] virtual const IoCounters& counters() const = 0;

    struct Details {
        base::TimePoint connected_at;
        bool data_digest = false;
        std::optional<Agreement>
            agreement;  ///< the last of the host; none: it did not authenticate
    };
    [[nodiscard]] virtual Details details() const = 0;

    /// Answers kept Asynchronous Event Requests as long as there are events to tell.
    virtual void deliver_async_events() = 0;
    virtual void drop_async_events() = 0;
    /// Answers one that is kept as aborted. @return false: none has this CID
    virtual bool abort_async_event(uint16_t cid) = 0;
    /// Ends an I/O command at once, unless a backend has it: then it ends when that gives it back,
    /// and a write may have been done. @return whether it has been answered; false too if none in
    /// flight has this CID
    virtual bool abort(uint16_t cid) = 0;
    /// As abort(), all I/O commands on a namespace but `except`.
    virtual void abort_all(uint32_t nsid, const Io& except) = 0;
    /// The controller is gone: this queue closes.
    virtual void controller_lost(std::string_view reason) = 0;

  protected:
    ~AttachedQueue() = default;
};

class AttachedQueues {
  public:
    explicit AttachedQueues(base::TimePoint now) : last_command_(now) {}

    /// Null: no queue has this id.
    [[nodiscard]] AttachedQueue* find(uint16_t qid) const;
    [[nodiscard]] bool has_io() const { return queues_.upper_bound(0) != queues_.end(); }
    [[nodiscard]] size_t size() const { return queues_.size(); }
    /// No I/O command is under way.
    [[nodiscard]] bool is_idle() const;

    /// A queue is connected.
    void attach(AttachedQueue& queue);
    /// An attached queue has authenticated and owns its id now; others that only claimed that id
    /// close. @return false: another queue owns it
    bool admit(AttachedQueue& queue);
    /// A queue is gone. @return whether it was the admin queue
    bool detach(const AttachedQueue& queue);
    void close_io(std::string_view reason);
    void close_all(std::string_view reason);
    /// Ends all I/O commands of this host on a namespace but `except`.
    void abort_commands(uint32_t nsid, const Io& except) const;

    /// Of all queues, also of those that are gone.
    [[nodiscard]] IoCounters counters() const;
    /// Likewise.
    [[nodiscard]] base::TimePoint last_command() const;

  private:
    void remember(const AttachedQueue& leaving);
    void close_claimants(std::string_view reason);

    std::map<uint16_t, AttachedQueue*> queues_;
    std::set<AttachedQueue*> claimants_;  ///< I/O queues that still have to authenticate
    base::TimePoint last_command_;        ///< on queues that are gone
    IoCounters past_;                     ///< likewise
};

}  // namespace target
