// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/controller/queue.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace target {

using base::Nothing;
using base::TimePoint;
using nvme::FatalStatus;
using nvme::PduError;
using nvme::PduHeader;
namespace status = nvme::status;

namespace {

/// From the connection to a successful Connect.
constexpr auto kHandshakeLimit = base::seconds(10);
/// From Connect, or from the first message of a repetition, to the end of an authentication.
/// Generous: a kernel without the help of its processor takes seconds for a large group.
constexpr auto kAuthenticationLimit = base::seconds(60);
/// Commands of a visitor without an answer, and PDUs that it has not read, before no more is read
/// from it.
constexpr size_t kVisitorCommands = 32;
/// In this time a host has to send so much of the data it was asked for, or all of it.
constexpr auto kTransferLimit = base::seconds(30);
constexpr uint64_t kTransferLeast = 64U << 10U;

template <class Wire>
Wire as(base::ByteView header) {
    Wire wire;
    std::memcpy(&wire, header.data(), sizeof wire);
    return wire;
}

PduError invalid_field(size_t offset) {
    return {FatalStatus::kInvalidHeaderField, static_cast<uint32_t>(offset)};
}

}  // namespace

// --- the connection -----------------------------------------------------------------------------

Queue::Queue(Target& target, SessionOwner& owner, Endpoints endpoints, TimePoint now)
    : target_(target),
      lane_(&target.control()),
      owner_(owner),
      endpoints_(std::move(endpoints)),
      now_(now),
      deadline_(now + kHandshakeLimit),
      last_step_(now),
      self_(std::make_shared<Queue*>(this)) {}

Queue::~Queue() {
    *self_ = nullptr;
    abandon_authentication(true);
    if (controller_ != nullptr) {
        if (!closing_) {
            tell(Event::Kind::kDisconnected, "connection closed");
        }
        controller_->detach(*this);
    }
    closing_ = true;  // a command that gets its turn below is no longer run
    for (auto& request : requests_) {
        if (!request->submitted) {
            request->leave();
        }
    }
    for (auto& request : requests_) {
        if (request->submitted) {
            request->given_up = true;
            request->queue = nullptr;
            (void)request.release();  // deletes itself when its backend is done
        }
    }
    if (memory_ != nullptr) {
        stop_counting_memory();
        if (lane_->memory().may_wake()) {
            lane_->post([lane = lane_] { lane->memory().wake(); });
        }
    }
}

void Queue::receive(base::ByteView bytes, TimePoint now) {
    now_ = now;
    if (closing_) {
        return;
    }
    if (const auto result = reader_.receive(bytes, *this); !result) {
        give_up(result.error());
    }
}

bool Queue::is_visitor() const {
    return controller_ != nullptr && keys_ == nullptr && controller_->is_discovery();
}

bool Queue::wants_input() const {
    if (is_visitor()) {
        return out_.size() < kVisitorCommands && unanswered_ < kVisitorCommands;
    }
    return !is_sated() && out_.size() < 2 * request_limit();
}

/// Its host has brought enough. Commands that are here as a whole end without more input, unless
/// they are half of a pair; a queue that has none continues, and so does what has begun to come.
bool Queue::is_sated() const {
    if (qid_ == 0 || memory_ == nullptr || fused_first_ != nullptr) {
        return false;
    }
    const bool is_coming =
        pdu_request_ != nullptr && pdu_request_->state == Request::State::kReceiving;
    return capsule_bytes_ > (is_coming ? pdu_request_->capsule_bytes : 0) &&
           LaneMemory::is_sated(*memory_);
}

size_t Queue::output(std::span<base::ByteView> segments) const {
    return out_.peek(segments);
}

void Queue::sent(size_t bytes) {
    const bool wanted = wants_input();
    out_.sent(bytes);
    if (!wanted && wants_input()) {
        owner_.ready();
    }
}

bool Queue::step_pending() const {
    return controller_ == nullptr || authentication_ != nullptr || !proved();
}

Standing Queue::standing() const {
    const bool admitted = controller_ != nullptr && proved();
    const bool visits = admitted && controller_->is_discovery();
    return {.admitted = admitted,
            .spoke = initialized_,
            .last_step = computing_ ? TimePoint::max()
                         : visits   ? last_command_
                                    : last_step_,
            .proved = admitted && keys_ != nullptr,
            .visits = visits};
}

bool Queue::is_still() const {
    return !closing_ && free_.size() == requests_.size() && out_.size() == 0 &&
           authentication_ == nullptr;
}

void Queue::move_to(Lane& lane) {
    stop_counting_memory();
    lane_ = &lane;
    count_memory();
}

std::optional<TimePoint> Queue::next_deadline() const {
    if (closing_) {
        return std::nullopt;
    }
    std::optional<TimePoint> next;
    if (controller_ != nullptr && qid_ == 0) {
        next = controller_->expiry();
    }
    if (step_pending()) {
        next = std::min(deadline_, next.value_or(deadline_));
    }
    if (held_failure_) {
        next = std::min(held_failure_->at, next.value_or(held_failure_->at));
    }
    if (awaits_data()) {
        next = std::min(transfer_deadline(), next.value_or(transfer_deadline()));
    }
    return next;
}

void Queue::on_timer(TimePoint now) {
    now_ = now;
    if (closing_) {
        return;
    }
    if (held_failure_ && held_failure_->at <= now) {
        tell_failure();
        return;
    }
    if (step_pending() && deadline_ <= now) {
        close(Event::Kind::kFailed, controller_ == nullptr
                                        ? "no Connect within the time limit"
                                        : "authentication not completed within the time limit");
        return;
    }
    if (awaits_data() && transfer_deadline() <= now && !transfers_move()) {
        close(Event::Kind::kFailed, "the data of a write did not arrive within the time limit");
        return;
    }
    const bool counts = controller_ != nullptr && qid_ == 0;
    const auto expiry = counts ? controller_->expiry() : std::nullopt;
    if (expiry && *expiry <= now) {
        controller_->expire();
        close(Event::Kind::kFailed, "keep-alive expired");
    }
}

/// A host that gave a command up need not send the rest of its data, but what it begins to send.
bool Queue::awaits_data() const {
    return transferring_ > late_.size() || receives_late_data();
}

/// A part of a PDU is here, and memory for all of it is held.
bool Queue::receives_late_data() const {
    return pdu_request_ != nullptr && pdu_request_->state != Request::State::kReceiving &&
           pdu_request_->state != Request::State::kTransferring;
}

TimePoint Queue::transfer_deadline() const {
    return transfers_since_ + kTransferLimit;
}

/// Whether enough came since this was last asked. A host may owe the data of many writes, and a
/// slow network brings one after the other.
bool Queue::transfers_move() {
    const bool move = transfers_came_ >= std::min(transfers_owed_, kTransferLeast);
    transfers_since_ = now_;
    transfers_came_ = 0;
    transfers_owed_ = receives_late_data() ? pdu_data_ : 0;
    for (const auto& request : requests_) {
        if (request->state == Request::State::kTransferring) {
            transfers_owed_ += request->r2ts.to_come();
        }
    }
    return move;
}

void Queue::send(OutPdu& pdu) {
    out_.push(pdu);
    owner_.ready();
}

void Queue::give_up(PduError error) {
    if (closing_) {
        return;
    }
    term_req_.bytes = nvme::term_req(nvme::Sender::kController, error, reader_.header());
    term_req_.add(term_req_.bytes);
    send(term_req_);
    close(Event::Kind::kFailed, nvme::describe(error));
}

void Queue::close(Event::Kind kind, std::string reason) {
    if (!closing_) {
        closing_ = true;
        tell(kind, std::move(reason));
        abandon_authentication(true);
        owner_.ready();
    }
}

void Queue::controller_lost(std::string_view reason) {
    controller_ = nullptr;
    abandon_authentication(false);  // it is not the host that ends it
    close(Event::Kind::kDisconnected, std::string(reason));
}

void Queue::tell(Event::Kind kind, std::string detail) {
    if (!target_.control().here()) {
        target_.control().post([self = self_, kind, detail = std::move(detail)] {
            if (*self != nullptr) {
                (*self)->tell(kind, detail);
            }
        });
        return;
    }
    target_.events().on_event({.kind = kind,
                               .peer = endpoints_.peer,
                               .hostnqn = hostnqn_,
                               .subnqn = subnqn_,
                               .cntlid = cntlid_,
                               .qid = qid_,
                               .detail = std::move(detail),
                               .proved = authenticated_});
}

// --- PDUs in ------------------------------------------------------------------------------------

nvme::ReceiveRules Queue::rules(nvme::PduType type) const {
    const Limits& limits = target_.limits();
    nvme::ReceiveRules rules{.header_digest = framing_.header_digest,
                             .data_digest = framing_.data_digest};
    rules.max_data = type == nvme::PduType::kH2cData
                         ? limits.max_h2c_bytes
                         : std::max(nvme::kAdminInCapsuleBytes, limits.io_capsule_bytes);
    return rules;
}

Queue::Destination Queue::on_header(base::ByteView header, const nvme::PduLayout& layout) {
    const auto type = as<PduHeader>(header).type;
    pdu_request_ = nullptr;
    pdu_data_ = layout.data_length;
    if (type == nvme::PduType::kH2cTermReq) {
        return on_term_req(header, layout);
    }
    if ((type == nvme::PduType::kIcReq) == initialized_) {
        return PduError{FatalStatus::kSequenceError, 0};
    }
    switch (type) {
        case nvme::PduType::kIcReq:
            return on_ic_req(header);
        case nvme::PduType::kCapsuleCmd:
            return on_capsule(header, layout);
        case nvme::PduType::kH2cData:
            return on_h2c_data(header, layout);
        case nvme::PduType::kH2cTermReq:
        case nvme::PduType::kIcResp:
        case nvme::PduType::kC2hTermReq:
        case nvme::PduType::kCapsuleResp:
        case nvme::PduType::kC2hData:
        case nvme::PduType::kR2t:
            break;  // check_header() lets none of these through
    }
    return invalid_field(offsetof(PduHeader, type));
}

Queue::Destination Queue::on_ic_req(base::ByteView header) {
    const auto request = as<nvme::IcReq>(header);
    if (request.pfv != 0) {
        return PduError{FatalStatus::kUnsupportedParameter, offsetof(nvme::IcReq, pfv)};
    }
    if (request.hpda > nvme::kMaxPda) {
        return invalid_field(offsetof(nvme::IcReq, hpda));
    }
    if ((request.dgst & ~(nvme::kDigestHeader | nvme::kDigestData)) != 0) {
        return invalid_field(offsetof(nvme::IcReq, dgst));
    }
    nvme::IcResp response;
    response.dgst = request.dgst;
    response.maxh2cdata = target_.limits().max_h2c_bytes;
    ic_resp_.bytes = nvme::whole_pdu(response, nvme::Framing{});
    ic_resp_.add(ic_resp_.bytes);
    send(ic_resp_);
    framing_ = {.header_digest = (request.dgst & nvme::kDigestHeader) != 0,
                .data_digest = (request.dgst & nvme::kDigestData) != 0,
                .pda = request.hpda};
    r2t_limit_ = std::min(uint32_t{request.maxr2t}, R2tWindow::kMost - 1) + 1;  // 0's based
    initialized_ = true;
    last_step_ = now_;
    return base::MutableBytes();
}

Queue::Destination Queue::on_term_req(base::ByteView header, const nvme::PduLayout& layout) {
    const auto term = as<nvme::TermReq>(header);
    close(Event::Kind::kFailed,
          "the host gave up: " +
              nvme::describe(PduError{static_cast<FatalStatus>(uint16_t{term.fes}), term.fei}));
    return base::MutableBytes(scratch_).first(layout.data_length);
}

Queue::Destination Queue::on_capsule(base::ByteView header, const nvme::PduLayout& layout) {
    const nvme::Sqe sqe = as<nvme::CapsuleCmd>(header).sqe;
    Request* request = new_request(sqe);
    if (request == nullptr) {  // more commands than the queue has entries
        return PduError{FatalStatus::kSequenceError, 0};
    }
    request->sqe = sqe;
    pdu_request_ = request;
    if (layout.data_length == 0) {
        return base::MutableBytes();
    }
    take_capsule(*request, layout.data_length);
    return request->buffer.bytes();
}

Queue::Destination Queue::on_h2c_data(base::ByteView header, const nvme::PduLayout& layout) {
    const auto pdu = as<nvme::H2cData>(header);
    if (transferring_ == 0) {
        return PduError{FatalStatus::kSequenceError, 0};  // nobody asked for data
    }
    const size_t slot = pdu.ttag % kSlots;
    Request* request = slot < requests_.size() ? requests_[slot].get() : nullptr;
    if (request == nullptr || request->r2ts.outstanding() == 0) {
        return invalid_field(offsetof(nvme::H2cData, ttag));
    }
    const auto part = request->r2ts.find(static_cast<uint32_t>(pdu.ttag / kSlots));
    if (!part) {
        return invalid_field(offsetof(nvme::H2cData, ttag));
    }
    if (pdu.cccid != request->sqe.cid) {
        return invalid_field(offsetof(nvme::H2cData, cccid));
    }
    if (pdu.datal != layout.data_length || layout.data_length == 0) {
        return invalid_field(offsetof(nvme::H2cData, datal));
    }
    const uint32_t left = request->r2ts.left(*part);
    if (pdu.datao != part->offset + part->length - left) {
        return PduError{FatalStatus::kDataOutOfRange, offsetof(nvme::H2cData, datao)};
    }
    if (pdu.datal > left) {
        return PduError{FatalStatus::kDataOutOfRange, offsetof(nvme::H2cData, datal)};
    }
    const bool last = pdu.datal == left;
    if (((pdu.header.flags & PduHeader::kLastPdu) != 0) != last) {
        return invalid_field(offsetof(PduHeader, flags));
    }
    pdu_request_ = request;
    pdu_part_ = *part;
    return request->state == Request::State::kTransferring
               ? request->payload().subspan(pdu.datao, pdu.datal)
               : place_for_late_data(*request, pdu.datal);
}

base::Result<Nothing, PduError> Queue::on_pdu(bool intact) {
    if (closing_ || pdu_request_ == nullptr) {
        return Nothing{};
    }
    if (!intact && controller_ != nullptr) {
        ++counters_.digest_errors;
    }
    Request& request = *std::exchange(pdu_request_, nullptr);
    if (request.state == Request::State::kReceiving && needs_control(request)) {
        refer(request, [intact](Request& referred) { referred.queue->dispatch(referred, intact); });
        return Nothing{};
    }
    if (request.state == Request::State::kReceiving) {
        dispatch(request, intact);
        return Nothing{};
    }
    if (request.state != Request::State::kTransferring) {
        take_late_data(request);
        return Nothing{};
    }
    if (!intact && request.fate.ok()) {
        request.fate = status::kTransientTransportError;
    }
    request.r2ts.take(pdu_part_, pdu_data_);
    transfers_came_ += pdu_data_;
    const bool ends = !request.fate.ok() && request.r2ts.outstanding() == 0;
    if (!request.r2ts.complete() && !ends) {
        send_r2ts(request);
        return Nothing{};
    }
    --transferring_;
    request.state = Request::State::kExecuting;
    execute(request);
    return Nothing{};
}

// --- what commands do to the queue --------------------------------------------------------------

void Queue::introduce(std::string_view hostnqn, std::string_view subnqn) {
    hostnqn_ = hostnqn;
    subnqn_ = subnqn;
}

void Queue::connected(Controller& controller, const nvme::ConnectSqe& connect,
                      std::shared_ptr<const HostKeys> keys) {
    controller_ = &controller;
    cids_ = std::make_unique<CidSet>();
    cntlid_ = controller.cntlid();
    qid_ = connect.qid;
    sqsize_ = connect.sqsize;
    sqhd_ = 1;
    flow_control_ = (connect.cattr & nvme::ConnectSqe::kNoFlowControl) == 0;
    keys_ = std::move(keys);
    deadline_ = now_ + kAuthenticationLimit;
    last_step_ = connected_at_ = last_command_ = now_;
    count_memory();
    controller.attach(*this);
    tell(Event::Kind::kConnected,
         framing_.data_digest ? "with data digest" : "without data digest");
}

Authentication& Queue::authenticate() {
    if (authentication_ == nullptr) {
        // The keys of today: they may have been replaced since this queue connected.
        if (auto keys = target_.access().keys(hostnqn_, controller_->subsystem(), qid_)) {
            keys_ = std::move(keys);
        }
        if (authenticated_) {
            deadline_ = now_ + kAuthenticationLimit;  // a repetition
        }
        authentication_ = std::make_unique<Authentication>(keys_, controller_->host().hostnqn,
                                                           controller_->subsystem().config().nqn,
                                                           target_.next_authentication());
    }
    return *authentication_;
}

void Queue::compute(Request& request) {
    const bool known =
        authenticated_ || target_.attempts().has_proved(endpoints_.peer_address, hostnqn_);
    computing_ = true;
    const Labor::Id labor = target_.labor().start(
        {endpoints_.peer_address, known}, authentication_->take_work(), [self = self_, &request] {
            if (*self != nullptr) {
                (*self)->computed(request);
            }
        });
    labor_ = computing_ ? labor : 0;  // it may be done already
}

/// To be called by any lane.
void Queue::abandon_authentication(bool counts) {
    if (authentication_ == nullptr) {
        return;
    }
    if (!target_.control().here()) {
        target_.control().post([self = self_, counts] {
            if (*self != nullptr) {
                (*self)->abandon_authentication(counts);
            }
        });
        return;
    }
    const auto over = std::exchange(authentication_, nullptr);
    if (computing_) {
        target_.labor().forget(labor_);
    }
    if (counts && over->is_under_way()) {
        (void)target_.attempts().failed(endpoints_.peer_address, hostnqn_, now_);
    }
}

void Queue::computed(Request& request) {
    computing_ = false;
    const auto outcome = authentication_ == nullptr ? Authentication::Outcome::kPending
                                                    : authentication_->work_done();
    complete(request, status::kSuccess);
    authentication_moved(outcome);
}

void Queue::authentication_moved(Authentication::Outcome outcome) {
    last_step_ = now_;
    if (outcome == Authentication::Outcome::kPending) {
        return;
    }
    const auto over = std::exchange(authentication_, nullptr);
    if (outcome == Authentication::Outcome::kFailed) {  // the host gave up
        (void)target_.attempts().failed(endpoints_.peer_address, hostnqn_, now_);
        close(Event::Kind::kRefused, "authentication: " + over->detail());
        return;
    }
    if (closing_ || controller_ == nullptr) {
        return;
    }
    target_.attempts().proved(endpoints_.peer_address, hostnqn_);
    if (!std::exchange(authenticated_, true) && !controller_->admit(*this)) {
        close(Event::Kind::kRefused, "queue id in use");
        return;
    }
    agreement_ = over->agreement();
    count_memory();
    tell(Event::Kind::kAuthenticated, over->detail());
}

void Queue::fail_attempt(Request& request, nvme::Status status, uint64_t result, bool ends) {
    const auto delay = target_.attempts().failed(endpoints_.peer_address, hostnqn_, now_);
    held_failure_ = HeldFailure{&request, status, result, ends, now_ + delay};
    if (delay > base::milliseconds(0)) {
        owner_.ready();
    } else {
        tell_failure();
    }
}

void Queue::tell_failure() {
    const HeldFailure failure = *std::exchange(held_failure_, std::nullopt);
    complete(*failure.request, failure.status, failure.result);
    if (failure.ends) {
        closing_ = true;  // what there is to tell was told when it failed
        owner_.ready();
    }
}

bool Queue::keep_async_event(Request& request) {
    if (async_events_.size() >= Controller::kAsyncEventLimit) {
        return false;
    }
    async_events_.push_back(&request);
    deliver_async_events();
    return true;
}

void Queue::deliver_async_events() {
    while (!async_events_.empty() && controller_ != nullptr) {
        const auto event = controller_->take_async_event();
        if (!event) {
            return;
        }
        Request& request = *async_events_.front();
        async_events_.erase(async_events_.begin());
        complete(request, status::kSuccess, event->dw0());
    }
}

/// @return the event request of this identifier, which is kept no longer; nullptr: there is none.
Request* Queue::take_async_request(uint16_t cid) {
    const auto found = std::ranges::find_if(
        async_events_, [&](const Request* request) { return request->sqe.cid == cid; });
    if (found == async_events_.end()) {
        return nullptr;
    }
    Request* request = *found;
    async_events_.erase(found);
    return request;
}

bool Queue::abort_async_event(uint16_t cid) {
    Request* request = take_async_request(cid);
    if (request != nullptr) {
        complete(*request, status::kAbortRequested);
    }
    return request != nullptr;
}

void Queue::drop_async_events() {
    for (Request* request : std::exchange(async_events_, {})) {
        release(*request);
    }
}

}  // namespace target
