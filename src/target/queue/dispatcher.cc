// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/queue/dispatcher.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "target/queue/answer.h"
#include "target/queue/judgement.h"

namespace target {

namespace status = nvme::status;

void Dispatcher::connected(const nvme::ConnectSqe& connect) {
    sqsize_ = connect.sqsize;
    sqhd_ = 1;
    flow_control_ = (connect.cattr & nvme::ConnectSqe::kNoFlowControl) == 0;
    requests_.connect(sqsize_, context_.qid == 0);
    memory_.count();
}

// --- from the capsule to the command ------------------------------------------------------------

Request* Dispatcher::begin(const nvme::Sqe& sqe, size_t capsule_bytes) {
    Request* request = requests_.take(sqe, context_.lane->number(), transfers_.late());
    if (request != nullptr) {
        memory_.take_capsule(*request, capsule_bytes);
    }
    return request;
}

void Dispatcher::dispatch(Request& request, bool intact) {
    if (context_.lane->number() != 0) {
        const bool follows = fused_.follows_first(request);
        if (follows || is_shared(request)) {
            refer(request, [this, intact](Request& referred) { run(referred, intact); });
            return;
        }
    }
    run(request, intact);
}

void Dispatcher::run(Request& request, bool intact) {
    sqhd_ = static_cast<uint16_t>((sqhd_ + 1U) % (sqsize_ + 1U));
    context_.last_command = context_.now;
    if (fused_.first() != nullptr && request.half() != nvme::Sqe::kFusedSecond) {
        (void)doom(*fused_.take_first(), status::kMissingFused);
    }
    const nvme::Status verdict = !claim_cid(request) ? status::kCommandIdConflict.dnr().at(0, 16)
                                 : intact            ? prepare(request)
                                                     : status::kTransientTransportError;
    fused_.judged(request, verdict);
    if (verdict.ok()) {
        return;
    }
    if (Request* first = fused_.take_first(); first != nullptr && first != &request) {
        (void)doom(*first, status::kFailedFused);  // this was to be its second half
    }
    if (Request* first = request.partner) {
        FusedPair::part(request);
        (void)doom(*first, status::kFailedFused);
    }
    complete(request, verdict);
}

/// A host that names a command like an event request of its own has given that one up, as SPDK's
/// does before it shuts a controller down.
bool Dispatcher::claim_cid(Request& request) {
    if (requests_.is_taken(request.sqe.cid)) {
        if (Request* event = events_.take(request.sqe.cid)) {
            release(*event);
        }
    }
    return requests_.claim_cid(request);
}

/// Checks a command and starts it. @return the status to end it with, or success: it is under way.
nvme::Status Dispatcher::prepare(Request& request) {
    const nvme::Sqe& sqe = request.sqe;
    const Checked checked = judge(context_, request);
    if (!checked) {
        return checked.error();
    }
    if (*checked != sqe.sgl.length) {
        return status::kDataSglLengthInvalid.dnr().at(8);
    }
    request.transfer = *checked;
    request.scratch_bytes = request.entry->scratch == nullptr ? 0 : request.entry->scratch(request);
    Request* mismatched = nullptr;
    const nvme::Status fused = fused_.join(request, context_.qid == 0, mismatched);
    if (mismatched != nullptr) {
        (void)doom(*mismatched, fused);
    }
    if (!fused.ok()) {
        return fused;
    }
    if (request.transfer == 0) {
        request.scratch_bytes == 0 ? execute(request) : start(request);
        return status::kSuccess;
    }
    const bool in_capsule = sqe.sgl.type == nvme::SglDescriptor::kInCapsule &&
                            request.direction() == nvme::DataDirection::kToController;
    if (!in_capsule && sqe.sgl.type != nvme::SglDescriptor::kTransport) {
        return status::kSglTypeInvalid.dnr().at(9, 24);
    }
    if (in_capsule) {
        return take_capsule_data(request);
    }
    start(request);
    return status::kSuccess;
}

/// Moves in-capsule data to the front of the buffer.
nvme::Status Dispatcher::take_capsule_data(Request& request) {
    const base::MutableBytes capsule = request.buffer.bytes();
    const uint32_t limit = context_.qid == 0 || request.is_fabrics()
                               ? nvme::kAdminInCapsuleBytes
                               : context_.target.limits().io_capsule_bytes;
    const uint64_t offset = request.sqe.sgl.address;
    if (offset > capsule.size()) {
        return status::kSglOffsetInvalid.dnr().at(6);
    }
    if (request.transfer > std::min<uint64_t>(capsule.size() - offset, limit)) {
        return status::kDataSglLengthInvalid.dnr().at(8);
    }
    // Data that came with its command cannot wait for memory: it would hold some meanwhile.
    const bool asks_for_more = request.scratch_bytes > limit;
    if (asks_for_more && !memory_.is_within_part(request.scratch_bytes)) {
        return status::kCommandInterrupted;
    }
    if (offset != 0) {
        std::memmove(capsule.data(), capsule.data() + offset, request.transfer);
    }
    memory_.take(request.scratch, request.scratch_bytes);
    execute(request);
    return status::kSuccess;
}

// --- memory and data ----------------------------------------------------------------------------

void Dispatcher::start(Request& request) {
    memory_.free_data(request);
    const bool has_room = waiting_.empty() && memory_.has_room(request);
    if (request.half() != 0 || has_room) {  // a pair is small
        transfer(request);
        return;
    }
    request.enter(Request::State::kWaiting);
    request.put_aside();
    waiting_.push_back(&request);
    wait_for_memory();
}

void Dispatcher::start_waiting() {
    if (std::exchange(starts_waiting_, true)) {
        return;  // one that starts may be done at once: the loop below sees it
    }
    while (!context_.closing && !waiting_.empty() && memory_.has_room(*waiting_.front())) {
        Request& request = *waiting_.front();
        waiting_.pop_front();
        transfer(request);
    }
    starts_waiting_ = false;
    if (!context_.closing && !waiting_.empty()) {
        wait_for_memory();
    }
    context_.lane->memory().wake();
}

/// If its own queue holds up the first one, the next answer starts it.
void Dispatcher::wait_for_memory() {
    if (memory_.is_within_queue(*waiting_.front())) {
        memory_.await([this] { start_waiting(); });
    }
}

void Dispatcher::transfer(Request& request) {
    memory_.take(request.buffer, request.transfer);
    memory_.take(request.scratch, request.scratch_bytes);
    if (request.direction() != nvme::DataDirection::kToController) {
        execute(request);
        return;
    }
    request.enter(Request::State::kTransferring);
    request.put_aside();
    transfers_.start(request, context_.target.limits().max_h2c_bytes, context_.r2t_limit,
                     context_.now);
    send_r2ts(request);
}

/// Asks for as many parts as the host takes. Earlier requests may still be on their way out;
/// then this is called again when it has gone.
void Dispatcher::send_r2ts(Request& request) {
    if (request.r2t_pdu.queued()) {
        return;
    }
    const size_t size = DataTransfers::ask(request, context_.framing);
    if (size > 0) {
        request.r2t_pdu.clear();
        request.r2t_pdu.add(std::span(request.r2t_bytes).first(size));
        context_.send(request.r2t_pdu);
    }
}

/// Data of a command that was ended needs a place too, and is dropped.
base::MutableBytes Dispatcher::place_for_data(Request& request, uint32_t offset, uint32_t size) {
    if (request.state() == Request::State::kTransferring) {
        return request.payload().subspan(offset, size);
    }
    transfers_.expect_late(size, context_.now);
    memory_.free_data(request);
    memory_.take(request.buffer, size);
    return request.buffer.bytes();
}

void Dispatcher::take_data(Request& request, const R2tWindow::Part& part, uint32_t bytes,
                           bool intact) {
    transfers_.take(request, part, bytes);
    const bool all_came = request.r2ts.outstanding() == 0;
    if (request.state() != Request::State::kTransferring) {
        memory_.free_data(request);
        if (all_came) {
            transfers_.end();
        }
        if (all_came && request.state() == Request::State::kLate) {
            transfers_.forget_late(request);
            release(request);
        }
        return;
    }
    if (!intact && request.fate.ok()) {
        request.fate = status::kTransientTransportError;
    }
    const bool ends = !request.fate.ok() && all_came;
    if (!request.r2ts.complete() && !ends) {
        send_r2ts(request);
        return;
    }
    transfers_.end();
    request.enter(Request::State::kExecuting);
    execute(request);
}

void Dispatcher::pdu_sent(Request& request) {
    if (request.state() == Request::State::kTransferring && !context_.closing) {
        send_r2ts(request);
    }
    if (request.state() != Request::State::kAnswering || request.answer_pdu.queued() ||
        request.r2t_pdu.queued()) {
        return;
    }
    if (request.r2ts.outstanding() == 0) {
        release(request);
    } else {
        request.enter(Request::State::kLate);
        if (Request* given_up = transfers_.keep_late(request, context_.incoming)) {
            release(*given_up);
        }
    }
    start_waiting();
}

/// Commands that are here as a whole end without more input, unless they are half of a pair; a queue
/// that has none continues, and so does what has begun to come.
bool Dispatcher::is_sated() const {
    if (context_.qid == 0 || fused_.first() != nullptr) {
        return false;
    }
    const Request* incoming = context_.incoming;
    const bool is_coming = incoming != nullptr && incoming->state() == Request::State::kReceiving;
    return memory_.is_sated(is_coming ? incoming->capsule_bytes : 0);
}

// --- execution ----------------------------------------------------------------------------------

void Dispatcher::look_again(Request& request) {
    if (request.judged || !request.fate.ok()) {
        return;
    }
    const Checked checked = judge(context_, request);
    if (!checked) {
        request.fate = checked.error();
    } else if (*checked != request.transfer) {
        request.fate = status::kInvalidField;
    }
}

bool Dispatcher::may_go_on(Request& request) {
    look_again(request);
    const nvme::Status verdict = request.fate;
    if (!verdict.ok()) {
        complete(request, verdict);
    }
    return verdict.ok();
}

void Dispatcher::refer(Request& request, std::function<void(Request& request)> next) {
    request.put_aside();
    request.lane = 0;
    context_.control().post(context_.alive.guard([this, &request, next = std::move(next)] {
        if (context_.closing) {
            release(request);
            return;
        }
        next(request);
    }));
}

void Dispatcher::execute(Request& request) {
    if (request.lane == 0 && !context_.control().here()) {
        request.enter(Request::State::kExecuting);  // an Abort meanwhile leaves it to control
        refer(request, [this](Request& referred) { execute(referred); });
        return;
    }
    if (request.half() != 0) {
        execute_fused(request);
        return;
    }
    request.enter(Request::State::kExecuting);
    if (may_go_on(request)) {
        request.entry->execute(request);
    }
}

/// Each half comes here when its data is here.
void Dispatcher::execute_fused(Request& request) {
    request.enter(Request::State::kFusing);
    request.put_aside();
    if (!request.fate.ok()) {
        (void)doom(request, request.fate);
        return;
    }
    Request* const partner = request.partner;
    if (partner == nullptr) {
        return;
    }
    if (!partner->fate.ok()) {
        (void)doom(*partner, partner->fate);
        return;
    }
    if (partner->state() == Request::State::kFusing) {
        request.enter(Request::State::kExecuting);
        partner->enter(Request::State::kExecuting);
        compare_and_write(request.half() == nvme::Sqe::kFusedSecond ? request : *partner);
    }
}

void Dispatcher::backend_done(Request& request, IoError error) {
    if (context_.closing) {
        release(request);
        return;
    }
    if (!request.fate.ok() && request.partner == nullptr) {
        complete(request, request.fate);
        return;
    }
    request.continuation(request, error);
}

void Dispatcher::turn_came(Request& request) {
    if (context_.closing) {
        release(request);
        return;
    }
    if (request.partner != nullptr || may_go_on(request)) {  // a pair judges both halves itself
        request.run(request);
    }
}

// --- the end of a command -----------------------------------------------------------------------

/// A command, and with it the other half of its fused pair, gets its fate: at once if nobody else
/// has either, else as soon as both are here again. @return whether it has ended
bool Dispatcher::doom(Request& request, nvme::Status fate) {
    using State = Request::State;
    Request* const partner = request.partner;
    const bool waits = request.waits() || (partner != nullptr && partner->waits());
    const auto is_held = [waits](const Request& half) {
        return half.state() == State::kReceiving || (half.state() == State::kExecuting && !waits);
    };
    if (request.state() == State::kFree || request.state() == State::kReceiving ||
        request.state() == State::kAnswering || request.state() == State::kLate) {
        return false;
    }
    if (request.fate.ok()) {
        request.fate = fate;
    }
    request.given_up = true;
    if (is_held(request) || (partner != nullptr && is_held(*partner))) {
        return false;
    }
    fused_.drop(request);
    if (partner == nullptr) {
        end_early(request, request.fate);
        return true;
    }
    FusedPair::part(request);
    const bool first = request.half() == nvme::Sqe::kFusedFirst;
    end_early(first ? request : *partner, first ? request.fate : status::kFailedFused);
    end_early(first ? *partner : request, first ? status::kFailedFused : request.fate);
    return true;
}

void Dispatcher::end_early(Request& request, nvme::Status status) {
    if (request.state() == Request::State::kWaiting) {
        std::erase(waiting_, &request);
    }
    complete(request, request.fate.ok() ? status : request.fate);
}

bool Dispatcher::abort(uint16_t cid) {
    Request* const request = requests_.find(cid);
    return request != nullptr && doom(*request, status::kAbortRequested);
}

void Dispatcher::abort_all(uint32_t nsid, const Io& except) {
    for (const auto& request : requests_.all()) {
        if (request->owns_cid && request->sqe.nsid == nsid && request.get() != &except) {
            (void)doom(*request, status::kAbortRequested);
        }
    }
}

void Dispatcher::wind_down() {
    for (size_t slot = 0; Request* const request = requests_.at_slot(slot); ++slot) {
        if (request->waits()) {
            (void)doom(*request, status::kCommandInterrupted);
        } else if (request->submitted) {
            request->given_up = true;
        }
    }
}

void Dispatcher::complete(Request& request, nvme::Status status, uint64_t result) {
    if (context_.closing) {
        release(request);
        return;
    }
    const Answer answer{.status = status.ok() ? request.fate : status,
                        .result = result,
                        .sqhd = sqhd_,
                        .flow_control = flow_control_};
    const bool data = frame_answer(request, answer, context_.framing);
    request.enter(Request::State::kAnswering);
    requests_.answered(request);
    requests_.give_up_cid(request);
    memory_.free(request.scratch);
    if (!data && context_.incoming != &request) {  // else data for it is just coming in
        memory_.free_data(request);
    }
    context_.send(request.answer_pdu);
    if (!answer.status.ok() && context_.controller != nullptr) {
        note_error(request, answer.status);
    }
    request.leave();
    if (context_.lane->here()) {
        start_waiting();
    } else if (!waiting_.empty() || context_.lane->memory().may_wake()) {
        context_.lane->post(context_.alive.guard([this] { start_waiting(); }));
    }
}

void Dispatcher::note_error(const Request& request, nvme::Status status) {
    const uint64_t lba = request.failed_block.value_or(nvme::start_block(request.sqe));
    context_.control().run(context_.alive.guard([this, sqe = request.sqe, status, lba] {
        if (context_.controller != nullptr) {
            context_.controller->note_error(context_.qid, sqe, status, lba);
        }
    }));
}

void Dispatcher::release(Request& request) {
    if (request.state() != Request::State::kAnswering && request.state() != Request::State::kLate) {
        requests_.answered(request);
    }
    if (request.r2ts.outstanding() > 0) {
        transfers_.end();
    }
    memory_.free_data(request);
    memory_.free(request.scratch);
    requests_.put_back(request);
}

}  // namespace target
