// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/queue/request_steps.h"

namespace target {

void submit(Request& request, Request::Continuation next) {
    Dispatcher& dispatcher = request.queue->dispatcher();
    request.continuation = next;
    dispatcher.look_again(request);
    if (!request.fate.ok()) {
        dispatcher.backend_done(request, IoError::kNone);
        return;
    }
    request.judged = false;
    request.submitted = true;
    request.ns->backend().at(request.lane).submit(request);
}

void wait_for_turn(Request& request, uint64_t first, uint64_t blocks, WriteOrder::Kind turn,
                   Request::Run run) {
    if (!may_go_on(request)) {
        return;
    }
    WriteOrder& writes = request.ns->writes();
    if (request.lane != 0 && writes.is_contended()) {
        request.queue->dispatcher().refer(
            request, [=](Request& referred) { wait_for_turn(referred, first, blocks, turn, run); });
        return;
    }
    request.run = run;
    request.judged = writes.enter(request, first, blocks, turn, request.lane);
    if (request.judged) {
        run(request);
    } else if (writes.is_overfull()) {
        request.queue->dispatcher().give_way(request);
    }
}

void wait_for_all(Request& request, Request::Run run) {
    request.run = run;
    request.judged = request.ns->writes().enter(request, 0, RangeOrder::kWholeDisk,
                                                WriteOrder::Kind::kExclusive);
    if (request.judged) {
        run(request);
    }
}

/// As in a backend: it lives until that is over, and its namespace with it.
void wait_for_reservations(Request& request, bool own, Request::Continuation next) {
    request.continuation = next;
    request.judged = false;
    request.submitted = true;
    request.ns->reservations().wait(request, own);
}

void report(const Request& request, const IntegrityFault& fault) {
    request.queue->target().control().run(
        [fault, ns = request.ns] { ns->backend().integrity()->report(fault); });
}

}  // namespace target
