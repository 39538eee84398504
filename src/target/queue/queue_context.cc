// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/queue/queue_context.h"

#include <utility>

namespace target {

QueueContext::QueueContext(Target& all, SessionOwner& connection, Endpoints where,
                           base::TimePoint time)
    : target(all),
      owner(connection),
      endpoints(std::move(where)),
      lane(&all.control()),
      now(time) {}

void QueueContext::send(OutPdu& pdu) {
    out.push(pdu);
    owner.ready();
}

void QueueContext::tell(Event::Kind kind, std::string detail) {
    control().run(alive.guard([this, kind, detail = std::move(detail)]() mutable {
        target.events().on_event({.kind = kind,
                                  .peer = endpoints.peer,
                                  .hostnqn = hostnqn,
                                  .subnqn = subnqn,
                                  .cntlid = cntlid,
                                  .qid = qid,
                                  .detail = std::move(detail),
                                  .proved = authenticated});
    }));
}

void QueueContext::close(Event::Kind kind, std::string reason) {
    if (!std::exchange(closing, true)) {
        tell(kind, std::move(reason));
        owner.ready();
    }
}

}  // namespace target
