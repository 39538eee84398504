// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/controller/command.h"

#include "target/controller/queue.h"

namespace target {

Checked no_data(const Request& /*request*/) {
    return uint32_t{0};
}

void RequestPdu::on_sent() {
    request_.queue->pdu_sent(request_);
}

void Request::submit(Continuation next_step) {
    continuation = next_step;
    queue->look_again(*this);
    if (!fate.ok()) {
        queue->backend_done(*this, IoError::kNone);
        return;
    }
    judged = false;
    submitted = true;
    ns->backend().at(lane).submit(*this);
}

void Request::wait_for_turn(uint64_t first, uint64_t blocks, WriteOrder::Kind turn, Run run) {
    if (!queue->may_go_on(*this)) {
        return;
    }
    if (lane != 0 && ns->writes().is_contended()) {
        queue->refer(*this, [=](Request& request) {
            if (request.queue->may_go_on(request)) {
                request.wait_for_turn(first, blocks, turn, run);
            }
        });
        return;
    }
    run_ = run;
    judged = ns->writes().enter(*this, first, blocks, turn, lane);
    if (judged) {
        run(*this);
    } else if (ns->writes().is_overfull()) {
        queue->give_way(*this);
    }
}

void Request::wait_for_all(Run run) {
    run_ = run;
    judged = ns->writes().enter(*this, 0, RangeOrder::kWholeDisk, WriteOrder::Kind::kExclusive);
    if (judged) {
        run(*this);
    }
}

/// As in a backend: it lives until that is over, and its namespace with it.
void Request::wait_for_reservations(bool own, Continuation next_step) {
    continuation = next_step;
    judged = false;
    submitted = true;
    ns->reservations().wait(*this, own);
}

void Request::on_turn() {
    queue->turn_came(*this);  // with no queue it would be in a backend, past its turn
}

void Request::done(IoError error) {
    submitted = false;
    if (queue == nullptr) {
        delete this;  // the queue let go of it when it went
        return;
    }
    queue->backend_done(*this, error);
}

}  // namespace target
