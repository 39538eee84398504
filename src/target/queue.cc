// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/queue.h"

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
/// Between two steps of an authentication. Generous: a kernel without the help of its processor
/// takes seconds for a large group.
constexpr auto kAuthenticationLimit = base::seconds(60);

/// Memory that the commands of one queue may hold; one command always may.
constexpr size_t kQueueBytes = size_t{4} << 20U;
/// Commands of a peer that is not connected yet.
constexpr size_t kUnconnectedRequests = 2;
/// Beyond the queue's size: Asynchronous Event Requests, which give their entry back when they are
/// fetched, and Authentication commands, which hosts send beside a full queue.
constexpr size_t kExtraRequests = 8;

template <class Wire>
Wire as(base::ByteView header) {
    Wire wire;
    std::memcpy(&wire, header.data(), sizeof wire);
    return wire;
}

PduError invalid_field(size_t offset) {
    return {FatalStatus::kInvalidHeaderField, static_cast<uint32_t>(offset)};
}

bool is_fabrics(const nvme::Sqe& sqe) {
    return sqe.opcode == static_cast<uint8_t>(nvme::AdminOpcode::kFabrics);
}

nvme::DataDirection direction(const nvme::Sqe& sqe) {
    return nvme::data_direction(is_fabrics(sqe) ? static_cast<uint8_t>(nvme::fabrics_type(sqe))
                                                : sqe.opcode);
}

const CommandEntry* find(std::span<const CommandEntry> table, uint8_t opcode) {
    const auto row = std::ranges::find(table, opcode, &CommandEntry::opcode);
    return row == table.end() ? nullptr : &*row;
}

}  // namespace

// --- the connection
// --------------------------------------------------------------------------------

Queue::Queue(Target& target, SessionOwner& owner, Endpoints endpoints, TimePoint now)
    : target_(target),
      owner_(owner),
      endpoints_(std::move(endpoints)),
      now_(now),
      deadline_(now + kHandshakeLimit) {}

Queue::~Queue() {
    if (controller_ != nullptr) {
        if (!closing_) {
            tell(Event::Kind::kDisconnected, "connection closed");
        }
        controller_->detach(qid_);
    }
    for (auto& request : requests_) {
        if (request->submitted) {
            request->queue = nullptr;
            (void)request.release();  // deletes itself when its backend is done
        }
    }
}

void Queue::receive(base::ByteView bytes, TimePoint now) {
    now_ = now;
    if (closing_) {
        return;
    }
    if (const auto result = reader_.receive(bytes); !result) {
        give_up(result.error());
    }
}

bool Queue::wants_input() const {
    return out_.size() < 2 * request_limit();
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
    return next;
}

void Queue::on_timer(TimePoint now) {
    now_ = now;
    if (closing_) {
        return;
    }
    if (step_pending() && deadline_ <= now) {
        close(Event::Kind::kFailed,
              controller_ == nullptr ? "no Connect in time" : "authentication not done in time");
        return;
    }
    if (controller_ != nullptr && qid_ == 0 && controller_->expiry() <= now) {
        controller_->expire();
        close(Event::Kind::kFailed, "keep-alive expired");
    }
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
        owner_.ready();
    }
}

void Queue::controller_lost(std::string_view reason) {
    controller_ = nullptr;
    close(Event::Kind::kDisconnected, std::string(reason));
}

void Queue::tell(Event::Kind kind, std::string detail) {
    target_.events().on_event({.kind = kind,
                               .peer = endpoints_.peer,
                               .hostnqn = hostnqn_,
                               .subnqn = subnqn_,
                               .cntlid = cntlid_,
                               .qid = qid_,
                               .detail = std::move(detail)});
}

// --- PDUs in
// ---------------------------------------------------------------------------------------

nvme::ReceiveRules Queue::rules(nvme::PduType type) const {
    const Limits& limits = target_.limits();
    nvme::ReceiveRules rules{.header_digest = framing_.header_digest,
                             .data_digest = framing_.data_digest};
    rules.max_data = type == nvme::PduType::kH2cData
                         ? limits.max_transfer_bytes
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
    response.maxh2cdata = target_.limits().max_transfer_bytes;
    ic_resp_.bytes = nvme::whole_pdu(response, nvme::Framing{});
    ic_resp_.add(ic_resp_.bytes);
    send(ic_resp_);
    framing_ = {.header_digest = (request.dgst & nvme::kDigestHeader) != 0,
                .data_digest = (request.dgst & nvme::kDigestData) != 0,
                .pda = request.hpda};
    initialized_ = true;
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
    Request* request = new_request();
    if (request == nullptr) {
        return PduError{FatalStatus::kSequenceError,
                        0};  // more commands than the queue has entries
    }
    request->sqe = as<nvme::CapsuleCmd>(header).sqe;
    pdu_request_ = request;
    if (layout.data_length == 0) {
        return base::MutableBytes();
    }
    take_buffer(*request, layout.data_length);
    return request->buffer.bytes();
}

Queue::Destination Queue::on_h2c_data(base::ByteView header, const nvme::PduLayout& layout) {
    const auto pdu = as<nvme::H2cData>(header);
    if (transferring_ == 0) {
        return PduError{FatalStatus::kSequenceError, 0};  // nobody asked for data
    }
    Request* request = pdu.ttag < requests_.size() ? requests_[pdu.ttag].get() : nullptr;
    if (request == nullptr || request->state != Request::State::kTransferring) {
        return invalid_field(offsetof(nvme::H2cData, ttag));
    }
    if (pdu.cccid != request->sqe.cid) {
        return invalid_field(offsetof(nvme::H2cData, cccid));
    }
    if (pdu.datal != layout.data_length || layout.data_length == 0) {
        return invalid_field(offsetof(nvme::H2cData, datal));
    }
    if (pdu.datao != request->received) {
        return PduError{FatalStatus::kDataOutOfRange, offsetof(nvme::H2cData, datao)};
    }
    if (pdu.datal > request->transfer - request->received) {
        return PduError{FatalStatus::kDataOutOfRange, offsetof(nvme::H2cData, datal)};
    }
    const bool last = pdu.datal == request->transfer - request->received;
    if (((pdu.header.flags & PduHeader::kLastPdu) != 0) != last) {
        return invalid_field(offsetof(PduHeader, flags));
    }
    pdu_request_ = request;
    return request->payload().subspan(pdu.datao, pdu.datal);
}

base::Result<Nothing, PduError> Queue::on_pdu(bool intact) {
    if (closing_ || pdu_request_ == nullptr) {
        return Nothing{};
    }
    Request& request = *pdu_request_;
    if (request.state == Request::State::kReceiving) {
        dispatch(request, intact);
        return Nothing{};
    }
    request.received += pdu_data_;
    request.corrupt = request.corrupt || !intact;
    if (request.received == request.transfer) {
        --transferring_;
        execute(request);
    }
    return Nothing{};
}

// --- commands
// --------------------------------------------------------------------------------------

base::Result<const CommandEntry*, nvme::Status> Queue::find_command(const nvme::Sqe& sqe) const {
    const bool fabrics = is_fabrics(sqe);
    const auto type = nvme::fabrics_type(sqe);
    const CommandEntry* row =
        fabrics ? find(fabrics_commands(), static_cast<uint8_t>(type)) : nullptr;
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
        return status::kInvalidOpcode.dnr();
    }
    return row;
}

void Queue::dispatch(Request& request, bool intact) {
    sqhd_ = static_cast<uint16_t>((sqhd_ + 1U) % (sqsize_ + 1U));
    if (controller_ != nullptr) {
        controller_->touch(now_);
    }
    const nvme::Status verdict = intact ? prepare(request) : status::kTransientTransportError;
    if (!verdict.ok()) {
        complete(request, verdict);
    }
}

/// Checks a command and starts it. @return the status to end it with, or success: it is under way.
nvme::Status Queue::prepare(Request& request) {
    const nvme::Sqe& sqe = request.sqe;
    const auto found = find_command(sqe);
    if (!found) {
        return found.error();
    }
    request.entry = *found;
    if ((sqe.flags & nvme::Sqe::kFusedMask) != 0 ||
        (sqe.flags & nvme::Sqe::kPsdtMask) != nvme::Sqe::kPsdtSgl) {
        return status::kInvalidField.dnr();
    }
    const Checked checked = request.entry->check(request);
    if (!checked) {
        return checked.error();
    }
    if (*checked != sqe.sgl.length) {
        return status::kDataSglLengthInvalid.dnr();
    }
    request.transfer = *checked;
    if (request.transfer == 0) {
        execute(request);
        return status::kSuccess;
    }
    const bool in_capsule = sqe.sgl.type == nvme::SglDescriptor::kInCapsule &&
                            direction(sqe) == nvme::DataDirection::kToController;
    if (!in_capsule && sqe.sgl.type != nvme::SglDescriptor::kTransport) {
        return status::kSglTypeInvalid.dnr();
    }
    if (in_capsule) {
        return take_capsule_data(request);
    }
    start(request);
    return status::kSuccess;
}

nvme::Status Queue::take_capsule_data(Request& request) {
    const base::MutableBytes capsule = request.buffer.bytes();
    const uint32_t limit = qid_ == 0 || is_fabrics(request.sqe) ? nvme::kAdminInCapsuleBytes
                                                                : target_.limits().io_capsule_bytes;
    const uint64_t offset = request.sqe.sgl.address;
    if (offset > capsule.size()) {
        return status::kSglOffsetInvalid.dnr();
    }
    if (request.transfer > std::min<uint64_t>(capsule.size() - offset, limit)) {
        return status::kDataSglLengthInvalid.dnr();
    }
    if (offset != 0) {
        std::memmove(capsule.data(), capsule.data() + offset, request.transfer);
    }
    execute(request);
    return status::kSuccess;
}

bool Queue::has_room(const Request& request) const {
    return buffered_ == 0 || buffered_ + request.transfer <= kQueueBytes;
}

void Queue::start(Request& request) {
    free_buffer(request);
    if (waiting_.empty() && has_room(request)) {
        transfer(request);
        return;
    }
    request.state = Request::State::kWaiting;
    waiting_.push_back(&request);
}

void Queue::start_waiting() {
    while (!closing_ && !waiting_.empty() && has_room(*waiting_.front())) {
        Request& request = *waiting_.front();
        waiting_.pop_front();
        transfer(request);
    }
}

void Queue::transfer(Request& request) {
    take_buffer(request, request.transfer);
    if (direction(request.sqe) != nvme::DataDirection::kToController) {
        execute(request);
        return;
    }
    request.state = Request::State::kTransferring;
    ++transferring_;
    nvme::R2t pdu;
    pdu.cccid = request.sqe.cid;
    pdu.ttag = request.slot;
    pdu.r2to = 0;
    pdu.r2tl = request.transfer;
    request.r2t_head = nvme::frame(pdu, framing_);
    request.r2t_pdu.clear();
    request.r2t_pdu.add(request.r2t_head.bytes());
    send(request.r2t_pdu);
}

void Queue::execute(Request& request) {
    request.state = Request::State::kExecuting;
    if (request.corrupt) {
        complete(request, status::kTransientTransportError);
        return;
    }
    request.entry->execute(request);
}

void Queue::backend_done(Request& request, IoError error) {
    if (closing_) {
        release(request);
        return;
    }
    request.continuation(request, error);
}

void Queue::complete(Request& request, nvme::Status status, uint64_t result) {
    if (closing_) {
        release(request);
        return;
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
        if (framing_.data_digest) {
            request.data_digest = nvme::digest(request.payload());
            out.add(base::bytes_of(request.data_digest));
        }
    }
    if (!success_in_data) {
        nvme::CapsuleResp pdu;
        pdu.cqe.dw0 = static_cast<uint32_t>(result);
        pdu.cqe.dw1 = static_cast<uint32_t>(result >> 32U);
        pdu.cqe.sqhd = flow_control_ ? sqhd_ : uint16_t{0xFFFF};
        pdu.cqe.sqid = uint16_t{0};
        pdu.cqe.cid = request.sqe.cid;
        pdu.cqe.status = status.wire();
        request.response_head = nvme::frame(pdu, framing_);
        out.add(request.response_head.bytes());
    }
    request.state = Request::State::kAnswering;
    --unanswered_;
    send(out);
}

void Queue::pdu_sent(Request& request) {
    if (request.state == Request::State::kAnswering && !request.answer_pdu.queued() &&
        !request.r2t_pdu.queued()) {
        release(request);
        start_waiting();
    }
}

size_t Queue::request_limit() const {
    return controller_ == nullptr ? kUnconnectedRequests
                                  : target_.limits().queue_entries + kExtraRequests;
}

Request* Queue::new_request() {
    if (unanswered_ >= request_limit()) {
        return nullptr;
    }
    if (free_.empty()) {
        const auto slot = static_cast<uint16_t>(requests_.size());
        requests_.push_back(std::make_unique<Request>(*this, slot));
        free_.push_back(slot);
    }
    Request& request = *requests_[free_.back()];
    free_.pop_back();
    ++unanswered_;
    request.state = Request::State::kReceiving;
    request.transfer = 0;
    request.received = 0;
    request.corrupt = false;
    request.step = 0;
    return &request;
}

void Queue::release(Request& request) {
    if (request.state != Request::State::kAnswering) {
        --unanswered_;
    }
    free_buffer(request);
    request.state = Request::State::kFree;
    free_.push_back(request.slot);
}

void Queue::take_buffer(Request& request, size_t size) {
    request.buffer = target_.buffers().take(size);
    buffered_ += size;
}

void Queue::free_buffer(Request& request) {
    buffered_ -= request.buffer.size();
    request.buffer.reset();
}

// --- what commands do to the queue
// -------------------------------------------------------------------

void Queue::introduce(std::string_view hostnqn, std::string_view subnqn) {
    hostnqn_ = hostnqn;
    subnqn_ = subnqn;
}

void Queue::connected(Controller& controller, const nvme::ConnectSqe& connect,
                      std::shared_ptr<const HostKeys> keys) {
    controller_ = &controller;
    cntlid_ = controller.cntlid();
    qid_ = connect.qid;
    sqsize_ = connect.sqsize;
    sqhd_ = 1;
    flow_control_ = (connect.cattr & nvme::ConnectSqe::kNoFlowControl) == 0;
    keys_ = std::move(keys);
    deadline_ = now_ + kAuthenticationLimit;
    controller.attach(qid_, *this);
    tell(Event::Kind::kConnected,
         framing_.data_digest ? "with data digest" : "without data digest");
}

Authentication& Queue::authenticate() {
    if (authentication_ == nullptr) {
        // The keys of today: they may have been replaced since this queue connected.
        if (auto keys = target_.access().keys(hostnqn_, controller_->subsystem(), qid_)) {
            keys_ = std::move(keys);
        }
        authentication_ = std::make_unique<Authentication>(keys_, controller_->host().hostnqn,
                                                           controller_->subsystem().config().nqn,
                                                           target_.next_authentication());
    }
    return *authentication_;
}

void Queue::authentication_moved(Authentication::Outcome outcome) {
    deadline_ = now_ + kAuthenticationLimit;
    if (outcome == Authentication::Outcome::kPending) {
        return;
    }
    const auto over = std::exchange(authentication_, nullptr);
    if (outcome == Authentication::Outcome::kFailed) {
        close(Event::Kind::kRefused, "authentication: " + over->detail());
        return;
    }
    authenticated_ = true;
    tell(Event::Kind::kAuthenticated, over->detail());
}

bool Queue::keep_async_event(Request& request) {
    if (async_events_.size() >= Controller::kAsyncEventLimit) {
        return false;
    }
    async_events_.push_back(&request);
    return true;
}

bool Queue::abort_async_event(uint16_t cid) {
    const auto found = std::ranges::find_if(
        async_events_, [&](const Request* request) { return request->sqe.cid == cid; });
    if (found == async_events_.end()) {
        return false;
    }
    Request& request = **found;
    async_events_.erase(found);
    complete(request, status::kAbortRequested);
    return true;
}

void Queue::drop_async_events() {
    for (Request* request : std::exchange(async_events_, {})) {
        release(*request);
    }
}

}  // namespace target
