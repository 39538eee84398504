// SPDX-License-Identifier: GPL-2.0-or-later
//
// The second part of Queue: commands from their capsule to their answer.
#include <algorithm>
#include <cstring>
#include <utility>

#include "target/controller/queue.h"
#include "target/protection/integrity.h"

namespace target {

using nvme::PduHeader;
namespace status = nvme::status;

namespace {

/// Memory that the commands of one queue may hold; one command always may.
constexpr size_t kQueueBytes = size_t{4} << 20U;
/// With so much to send a queue reads no more: what is sent soon comes out of the processor's
/// cache.
constexpr size_t kUnsentBytes = size_t{1} << 20U;
/// Both, for who only asks what there is.
constexpr size_t kVisitorBytes = Controller::kDiscoveryTransfer;

bool is_fabrics(const nvme::Sqe& sqe) {
    return sqe.opcode == static_cast<uint8_t>(nvme::AdminOpcode::kFabrics);
}

nvme::DataDirection direction(const nvme::Sqe& sqe) {
    return nvme::data_direction(is_fabrics(sqe) ? static_cast<uint8_t>(nvme::fabrics_type(sqe))
                                                : sqe.opcode);
}

/// Drills harm blocks here that a host reads; see Integrity.
void let_faults_in(Request& request, Integrity::WireStage stage) {
    Integrity* integrity = request.ns == nullptr ? nullptr : request.ns->backend().integrity();
    const bool reads = request.sqe.opcode == static_cast<uint8_t>(nvme::IoOpcode::kRead);
    if (integrity != nullptr && integrity->on_the_wire && reads) {
        integrity->on_the_wire(stage, {nvme::start_block(request.sqe),
                                       nvme::block_count(request.sqe), request.payload()});
    }
}

const CommandEntry* find(std::span<const CommandEntry> table, uint8_t opcode) {
    const auto row = std::ranges::find(table, opcode, &CommandEntry::opcode);
    return row == table.end() ? nullptr : &*row;
}

}  // namespace

base::Result<const CommandEntry*, nvme::Status> Queue::find_command(const nvme::Sqe& sqe) const {
    const bool fabrics = is_fabrics(sqe);
    const auto type = nvme::fabrics_type(sqe);
    const CommandEntry* row =
        fabrics ? find(fabrics_commands(), static_cast<uint8_t>(type)) : nullptr;
    if (held_failure_) {
        return status::kSequenceError.dnr();
    }
    if (controller_ == nullptr) {
        return row != nullptr && type == nvme::FabricsType::kConnect
                   ? base::Result<const CommandEntry*, nvme::Status>(row)
                   : status::kSequenceError.dnr();
    }
    const bool authenticating =
        type == nvme::FabricsType::kAuthSend || type == nvme::FabricsType::kAuthReceive;
    if (!proved() && !(fabrics && authenticating)) {
        return status::kAuthRequired.dnr();
    }
    if (!fabrics) {
        if (!controller_->ready()) {
            return status::kSequenceError.dnr();
        }
        row = find(qid_ != 0                     ? io_commands()
                   : controller_->is_discovery() ? discovery_commands()
                                                 : admin_commands(),
                   sqe.opcode);
    }
    if (row == nullptr) {
        return status::kInvalidOpcode.dnr().at(fabrics ? 1 : 0);
    }
    return row;
}

void Queue::dispatch(Request& request, bool intact) {
    sqhd_ = static_cast<uint16_t>((sqhd_ + 1U) % (sqsize_ + 1U));
    last_command_ = now_;
    const auto half = request.sqe.flags & nvme::Sqe::kFusedMask;
    if (fused_first_ != nullptr && half != nvme::Sqe::kFusedSecond) {
        forget_fused(*fused_first_, status::kMissingFused);
    }
    const nvme::Status verdict = !claim_cid(request) ? status::kCommandIdConflict.dnr().at(0, 16)
                                 : intact            ? prepare(request)
                                                     : status::kTransientTransportError;
    fused_failed_ = half == nvme::Sqe::kFusedFirst && !verdict.ok();
    if (verdict.ok()) {
        return;
    }
    if (fused_first_ == &request) {
        fused_first_ = nullptr;
    } else if (fused_first_ != nullptr) {  // this was to be its second half
        forget_fused(*fused_first_, status::kFailedFused);
    }
    if (Request* first = std::exchange(request.partner, nullptr)) {
        first->partner = nullptr;
        (void)doom(*first, status::kFailedFused);
    }
    complete(request, verdict);
}

nvme::Status Queue::bind(Request& request) const {
    const auto& ns = controller_->share_namespace(request.sqe.nsid, request.lane);
    const uint64_t serial = ns == nullptr ? 0 : ns->serial();
    if (request.meant != 0 && request.meant != serial) {
        return status::kInvalidNamespace.dnr().at(1);
    }
    request.meant = serial;
    request.ns = ns;
    const bool has_path = qid_ != 0 && ns != nullptr;
    return has_path ? controller_->check_path(*ns) : status::kSuccess;
}

/// Everything that decides whether a command may run, now. @return the bytes that it moves
Checked Queue::judge(Request& request) const {
    const nvme::Sqe& sqe = request.sqe;
    TRY(request.entry, find_command(sqe));
    if ((sqe.flags & nvme::Sqe::kPsdtMask) != nvme::Sqe::kPsdtSgl) {
        return status::kInvalidField.dnr().at(0, 14);
    }
    const bool names_one = qid_ != 0 && !is_fabrics(sqe) && sqe.nsid != nvme::kNsidAll;
    if (names_one || request.meant != 0) {
        if (const nvme::Status verdict = bind(request); !verdict.ok()) {
            return verdict;
        }
    }
    const Checked checked = request.entry->check(request);
    request.judged = checked.ok();
    return checked;
}

/// Checks a command and starts it. @return the status to end it with, or success: it is under way.
nvme::Status Queue::prepare(Request& request) {
    const nvme::Sqe& sqe = request.sqe;
    const Checked checked = judge(request);
    if (!checked) {
        return checked.error();
    }
    if (*checked != sqe.sgl.length) {
        return status::kDataSglLengthInvalid.dnr().at(8);
    }
    request.transfer = *checked;
    request.scratch_bytes = request.entry->scratch == nullptr ? 0 : request.entry->scratch(request);
    if (const nvme::Status fused = fuse(request); !fused.ok()) {
        return fused;
    }
    if (request.transfer == 0) {
        request.scratch_bytes == 0 ? execute(request) : start(request);
        return status::kSuccess;
    }
    const bool in_capsule = sqe.sgl.type == nvme::SglDescriptor::kInCapsule &&
                            direction(sqe) == nvme::DataDirection::kToController;
    if (!in_capsule && sqe.sgl.type != nvme::SglDescriptor::kTransport) {
        return status::kSglTypeInvalid.dnr().at(9, 24);
    }
    if (in_capsule) {
        return take_capsule_data(request);
    }
    start(request);
    return status::kSuccess;
}

/// A command, and with it the other half of its fused pair, gets its fate: at once where nobody
/// else has either, else as soon as both are here again. @return whether it has ended
bool Queue::doom(Request& request, nvme::Status fate) {
    using State = Request::State;
    Request* const partner = request.partner;
    const bool waits =
        request.waits_for_turn() || (partner != nullptr && partner->waits_for_turn());
    const auto is_held = [waits](const Request& half) {
        return half.state == State::kReceiving || (half.state == State::kExecuting && !waits);
    };
    if (request.state == State::kFree || request.state == State::kReceiving ||
        request.state == State::kAnswering || request.state == State::kLate) {
        return false;
    }
    if (request.fate.ok()) {
        request.fate = fate;
    }
    request.given_up = true;
    if (is_held(request) || (partner != nullptr && is_held(*partner))) {
        return false;
    }
    if (fused_first_ == &request) {
        fused_first_ = nullptr;
        fused_failed_ = true;
    }
    if (partner == nullptr) {
        end_early(request, request.fate);
        return true;
    }
    request.partner = partner->partner = nullptr;
    const bool first = (request.sqe.flags & nvme::Sqe::kFusedMask) == nvme::Sqe::kFusedFirst;
    end_early(first ? request : *partner, first ? request.fate : status::kFailedFused);
    end_early(first ? *partner : request, first ? status::kFailedFused : request.fate);
    return true;
}

void Queue::end_early(Request& request, nvme::Status status) {
    if (request.state == Request::State::kWaiting) {
        std::erase(waiting_, &request);
    }
    complete(request, request.fate.ok() ? status : request.fate);
}

bool Queue::abort(uint16_t cid) {
    const auto found = std::ranges::find_if(
        requests_, [&](const auto& r) { return r->owns_cid && r->sqe.cid == cid; });
    return found != requests_.end() && doom(**found, status::kAbortRequested);
}

void Queue::abort_all(uint32_t nsid, const Request& except) {
    for (const auto& request : requests_) {
        if (request->owns_cid && request->sqe.nsid == nsid && request.get() != &except) {
            (void)doom(*request, status::kAbortRequested);
        }
    }
}

void Queue::give_way(Request& request) {
    (void)doom(request, status::kCommandInterrupted);
}

void Queue::wind_down() {
    for (size_t slot = 0; slot < requests_.size(); ++slot) {
        Request& request = *requests_[slot];
        if (request.waits_for_turn()) {
            (void)doom(request, status::kCommandInterrupted);
        } else if (request.submitted) {
            request.given_up = true;
        }
    }
}

nvme::Status Queue::take_capsule_data(Request& request) {
    const base::MutableBytes capsule = request.buffer.bytes();
    const uint32_t limit = qid_ == 0 || is_fabrics(request.sqe) ? nvme::kAdminInCapsuleBytes
                                                                : target_.limits().io_capsule_bytes;
    const uint64_t offset = request.sqe.sgl.address;
    if (offset > capsule.size()) {
        return status::kSglOffsetInvalid.dnr().at(6);
    }
    if (request.transfer > std::min<uint64_t>(capsule.size() - offset, limit)) {
        return status::kDataSglLengthInvalid.dnr().at(8);
    }
    // Data that came with its command cannot wait for memory: it would hold some meanwhile.
    const bool asks_for_more = request.scratch_bytes > limit;
    if (asks_for_more && memory_ != nullptr &&
        !lane_->memory().is_within_part(*memory_, request.scratch_bytes)) {
        return status::kCommandInterrupted;
    }
    if (offset != 0) {
        std::memmove(capsule.data(), capsule.data() + offset, request.transfer);
    }
    take_buffer(request.scratch, request.scratch_bytes);
    execute(request);
    return status::kSuccess;
}

bool Queue::has_own_room(const Request& request) const {
    const bool reads = direction(request.sqe) == nvme::DataDirection::kToHost;
    const size_t most = is_visitor() ? kVisitorBytes : kQueueBytes;
    return buffered_ == 0 || (buffered_ + request.memory() <= most &&
                              (!reads || out_.bytes() < std::min(most, kUnsentBytes)));
}

bool Queue::has_room(const Request& request) const {
    return has_own_room(request) &&
           (memory_ == nullptr || lane_->memory().has_room(*memory_, request.memory()));
}

void Queue::start(Request& request) {
    free_data(request);
    if (is_fused(request) || (waiting_.empty() && has_room(request))) {  // a pair is small
        transfer(request);
        return;
    }
    request.state = Request::State::kWaiting;
    put_aside(request);
    waiting_.push_back(&request);
    if (has_own_room(*waiting_.front())) {
        wait_for_memory();
    }
}

void Queue::start_waiting() {
    if (std::exchange(starts_waiting_, true)) {
        return;  // one that starts may be done at once: the loop below sees it
    }
    while (!closing_ && !waiting_.empty() && has_room(*waiting_.front())) {
        Request& request = *waiting_.front();
        waiting_.pop_front();
        transfer(request);
    }
    starts_waiting_ = false;
    if (!closing_ && !waiting_.empty() && has_own_room(*waiting_.front())) {
        wait_for_memory();
    }
    lane_->memory().wake();
}

void Queue::transfer(Request& request) {
    take_buffer(request.buffer, request.transfer);
    take_buffer(request.scratch, request.scratch_bytes);
    if (direction(request.sqe) != nvme::DataDirection::kToController) {
        execute(request);
        return;
    }
    request.state = Request::State::kTransferring;
    put_aside(request);
    if (++transferring_ == 1) {
        transfers_since_ = now_;
        transfers_owed_ = request.transfer;
        transfers_came_ = 0;
    }
    request.r2ts.start(request.transfer, target_.limits().max_h2c_bytes, r2t_limit_);
    send_r2ts(request);
}

/// Asks for as many parts as the host takes. Earlier requests may still be on their way out;
/// then this is called again when it has gone.
void Queue::send_r2ts(Request& request) {
    if (request.r2t_pdu.queued()) {
        return;
    }
    size_t size = 0;
    while (const auto part = request.r2ts.ask()) {
        nvme::R2t pdu;
        pdu.cccid = request.sqe.cid;
        pdu.ttag = static_cast<uint16_t>(part->number % R2tWindow::kTags * kSlots + request.slot);
        pdu.r2to = part->offset;
        pdu.r2tl = part->length;
        const nvme::FrameHead head = nvme::frame(pdu, framing_);
        std::ranges::copy(head.bytes(), std::span(request.r2t_bytes).subspan(size).begin());
        size += head.bytes().size();
    }
    if (size > 0) {
        request.r2t_pdu.clear();
        request.r2t_pdu.add(std::span(request.r2t_bytes).first(size));
        send(request.r2t_pdu);
    }
}

/// A command that has not begun has to wait.
void Queue::put_aside(Request& request) {
    request.judged = false;
    request.ns.reset();
}

void Queue::look_again(Request& request) {
    if (request.judged || !request.fate.ok()) {
        return;
    }
    const Checked checked = judge(request);
    if (!checked) {
        request.fate = checked.error();
    } else if (*checked != request.transfer) {
        request.fate = status::kInvalidField;
    }
}

bool Queue::may_go_on(Request& request) {
    look_again(request);
    const nvme::Status verdict = request.fate;
    if (!verdict.ok()) {
        complete(request, verdict);
    }
    return verdict.ok();
}

void Queue::execute(Request& request) {
    if (request.lane == 0 && !target_.control().here()) {
        refer(request, [](Request& referred) { referred.queue->execute(referred); });
        return;
    }
    if (is_fused(request)) {
        execute_fused(request);
        return;
    }
    request.state = Request::State::kExecuting;
    if (may_go_on(request)) {
        request.entry->execute(request);
    }
}

void Queue::backend_done(Request& request, IoError error) {
    if (closing_) {
        release(request);
        return;
    }
    if (!request.fate.ok() && request.partner == nullptr) {
        complete(request, request.fate);
        return;
    }
    request.continuation(request, error);
}

/// It is the turn of a write that had to wait.
void Queue::turn_came(Request& request) {
    if (closing_) {
        release(request);
        return;
    }
    if (request.partner != nullptr) {  // judges both halves itself
        request.run_(request);
        return;
    }
    if (may_go_on(request)) {
        request.run_(request);
    }
}

void Queue::complete(Request& request, nvme::Status status, uint64_t result) {
    if (closing_) {
        release(request);
        return;
    }
    if (status.ok()) {
        status = request.fate;
    }
    const bool data = status.ok() && request.transfer > 0 &&
                      direction(request.sqe) == nvme::DataDirection::kToHost;
    // The last data PDU may stand for the completion, where nothing else has to be told.
    const bool success_in_data = data && !flow_control_ && result == 0;
    RequestPdu& out = request.answer_pdu;
    out.clear();
    if (data) {
        nvme::C2hData pdu;
        pdu.header.flags =
            static_cast<uint8_t>(PduHeader::kLastPdu | (success_in_data ? PduHeader::kSuccess : 0));
        pdu.cccid = request.sqe.cid;
        pdu.datao = 0;
        pdu.datal = request.transfer;
        request.data_head = nvme::frame(pdu, framing_, request.transfer);
        out.add(request.data_head.bytes());
        out.add(request.payload());
        let_faults_in(request, Integrity::WireStage::kBeforeDigest);
        if (framing_.data_digest) {
            request.data_digest = nvme::digest(request.payload());
            out.add(base::bytes_of(request.data_digest));
        }
        let_faults_in(request, Integrity::WireStage::kBehindDigest);
    }
    if (!success_in_data) {
        nvme::CapsuleResp pdu;
        pdu.cqe.dw0 = static_cast<uint32_t>(result);
        pdu.cqe.dw1 = static_cast<uint32_t>(result >> 32U);
        pdu.cqe.sqhd = flow_control_ ? sqhd_ : uint16_t{0xFFFF};
        pdu.cqe.sqid = uint16_t{0};
        pdu.cqe.cid = request.sqe.cid;
        pdu.cqe.status = status.wire();
        const nvme::FrameHead head = nvme::frame(pdu, framing_);
        const auto place = std::span(request.response_bytes).first(head.bytes().size());
        std::ranges::copy(head.bytes(), place.begin());
        out.add(place);
    }
    request.state = Request::State::kAnswering;
    not_unanswered(request);
    give_up_cid(request);
    free_buffer(request.scratch);
    if (!data && pdu_request_ != &request) {  // else data for it is just coming in
        free_data(request);
    }
    send(out);
    if (!status.ok() && controller_ != nullptr) {
        note_error(request, status);
    }
    request.leave();
    if (lane_->here()) {
        start_waiting();
    } else if (!waiting_.empty() || lane_->memory().may_wake()) {
        lane_->post([self = self_] {
            if (*self != nullptr) {
                (*self)->start_waiting();
            }
        });
    }
}

void Queue::pdu_sent(Request& request) {
    if (request.state == Request::State::kTransferring && !closing_) {
        send_r2ts(request);
    }
    if (request.state == Request::State::kAnswering && !request.answer_pdu.queued() &&
        !request.r2t_pdu.queued()) {
        request.r2ts.outstanding() > 0 ? await_late_data(request) : release(request);
        start_waiting();
    }
}

}  // namespace target
