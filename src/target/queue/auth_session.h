// SPDX-License-Identifier: GPL-2.0-or-later
//
// The authentication of the host of one queue: from Connect to the end of the negotiation, and the
// answers of failed attempts, which are held back. All of it runs on control.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "nvme/types.h"
#include "target/auth/auth.h"
#include "target/controller/attached_queues.h"
#include "target/queue/dispatcher.h"
#include "target/queue/queue_context.h"
#include "target/reactor/labor.h"

namespace target {

class AuthSession {
  public:
    /// @param context, dispatcher, queue  outlive this object
    AuthSession(QueueContext& context, Dispatcher& dispatcher, AttachedQueue& queue);
    AuthSession(const AuthSession&) = delete;
    AuthSession& operator=(const AuthSession&) = delete;

    // --- for the commands

    /// Whether the peer, as it was introduced, has not failed too often recently.
    [[nodiscard]] bool may_try() const;
    /// The negotiation under way; a new one if there was none.
    Authentication& negotiate();
    /// Null: there is none.
    [[nodiscard]] const Authentication* negotiation() const { return negotiation_.get(); }
    /// Does the work of the negotiation, and then answers the request that made it necessary. An
    /// exchange that the host does not bring to its end counts as a failed attempt.
    void compute(Request& request);
    /// Handles the result of a message, after it was answered.
    void moved(Authentication::Outcome outcome);
    /// The answer of an attempt to get in that failed: it is held back for as long as the target
    /// says, and nothing else is done for the host meanwhile. @param ends  then the connection ends
    void fail_attempt(Request& request, nvme::Status status, uint64_t result, bool ends);

    // --- for the queue

    /// The host came nearer to being admitted.
    void step() { last_step_ = context_.now; }
    /// Connect succeeded: now the host has to authenticate.
    void connected();
    /// There is no connection any more to prove anything on. To be called by any lane.
    /// @param counts  as a failed attempt, if the host has begun
    void abandon(bool counts);

    /// The last authentication of the host; none: it did not authenticate.
    [[nodiscard]] const std::optional<Agreement>& agreement() const { return agreement_; }
    /// Never, while we compute: then it is not the host that stands still.
    [[nodiscard]] base::TimePoint last_step() const;
    /// When on_timer() has something to do.
    [[nodiscard]] std::optional<base::TimePoint> deadline() const;
    /// @return what the host did not do in time; empty: nothing
    std::string on_timer();

  private:
    [[nodiscard]] bool is_pending() const;
    void computed(Request& request);
    void tell_failure();

    /// The answer of a failed attempt, until it is sent.
    struct HeldFailure {
        Request* request = nullptr;
        nvme::Status status;
        uint64_t result = 0;
        bool ends = false;
        base::TimePoint at;
    };

    QueueContext& context_;
    Dispatcher& dispatcher_;
    AttachedQueue& queue_;
    base::TimePoint deadline_;  ///< until the host has to have connected, or authenticated
    base::TimePoint last_step_;
    std::unique_ptr<Authentication> negotiation_;
    std::optional<Agreement> agreement_;
    std::optional<HeldFailure> held_;
    bool computing_ = false;
    Labor::Id labor_ = 0;  ///< what is computed
};

}  // namespace target
