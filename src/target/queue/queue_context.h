// SPDX-License-Identifier: GPL-2.0-or-later
//
// The values that the parts of one queue share: its peer, the agreed framing, the output. A part
// that has an event to report, or a PDU to send, does it here.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/alive.h"
#include "base/clock.h"
#include "nvme/tcp_pdu.h"
#include "target/auth/host_keys.h"
#include "target/controller/attached_queues.h"
#include "target/controller/target.h"
#include "target/queue/out_queue.h"
#include "target/reactor/lane.h"
#include "target/wire/events.h"
#include "target/wire/session.h"

namespace target {

struct QueueContext {
    QueueContext(Target& all, SessionOwner& connection, Endpoints where, base::TimePoint time);

    Target& target;
    SessionOwner& owner;
    const Endpoints endpoints;
    Lane* lane;           ///< whose thread calls; only in the turns of control another one may
    base::TimePoint now;  ///< of the call under way
    bool closing = false;

    // after ICReq
    nvme::Framing framing;   ///< of what we send
    uint32_t r2t_limit = 1;  ///< R2Ts of one command that may be outstanding
    OutQueue out;
    Request* incoming = nullptr;  ///< whose PDU is being received; null: it belongs to none

    // after Connect
    std::string hostnqn;  ///< as the host was introduced, whether it was let in or not
    std::string subnqn;
    Controller* controller = nullptr;
    Subsystem* subsystem = nullptr;  ///< of the controller
    uint16_t cntlid = 0;
    uint16_t qid = 0;
    std::shared_ptr<const HostKeys> keys;  ///< null: this queue need not authenticate
    bool authenticated = false;
    bool holds_failure = false;  ///< the answer of a failed attempt is held back
    base::TimePoint last_command;
    IoCounters counters;

    /// Ends first: what was put off does nothing once the queue is gone.
    base::Alive alive;

    /// No authentication has to come first any more.
    [[nodiscard]] bool proved() const { return keys == nullptr || authenticated; }
    /// It only asks what there is, and has not proved who it is.
    [[nodiscard]] bool is_visitor() const {
        return controller != nullptr && keys == nullptr && controller->is_discovery();
    }
    [[nodiscard]] Lane& control() const { return target.control(); }

    void send(OutPdu& pdu);
    void tell(Event::Kind kind, std::string detail);
    /// Orderly: what is queued still goes out. Once only.
    void close(Event::Kind kind, std::string reason);
};

}  // namespace target
