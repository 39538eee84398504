// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/queue/queue_session.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace target {

using base::Nothing;
using base::TimePoint;
using nvme::FatalStatus;
using nvme::PduError;
using nvme::PduHeader;

namespace {

/// Commands of a visitor without an answer, and PDUs that it has not read, before no more is read
/// from it.
constexpr size_t kVisitorCommands = 32;

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

std::unique_ptr<Session> QueueFactory::make(SessionOwner& owner, Endpoints endpoints,
                                            TimePoint now) {
    target_.note_connection(now);
    return std::make_unique<QueueSession>(target_, owner, std::move(endpoints), now);
}

QueueSession::QueueSession(Target& target, SessionOwner& owner, Endpoints endpoints, TimePoint now)
    : queue_(target, owner, std::move(endpoints), now),
      context_(queue_.context()),
      dispatcher_(queue_.dispatcher()) {}

void QueueSession::receive(base::ByteView bytes, TimePoint now) {
    context_.now = now;
    if (context_.closing) {
        return;
    }
    if (const auto result = reader_.receive(bytes, *this); !result) {
        give_up(result.error());
    }
}

bool QueueSession::wants_input() const {
    if (context_.is_visitor()) {
        return context_.out.size() < kVisitorCommands &&
               dispatcher_.requests().unanswered() < kVisitorCommands;
    }
    return !dispatcher_.is_sated() && context_.out.size() < 2 * dispatcher_.requests().limit();
}

size_t QueueSession::output(std::span<base::ByteView> segments) const {
    return context_.out.peek(segments);
}

void QueueSession::sent(size_t bytes) {
    const bool wanted = wants_input();
    context_.out.sent(bytes, [this](OutPdu& pdu) {
        if (pdu.request() != nullptr) {
            dispatcher_.pdu_sent(*pdu.request());
        }
    });
    if (!wanted && wants_input()) {
        context_.owner.ready();
    }
}

Standing QueueSession::standing() const {
    const bool admitted = context_.controller != nullptr && context_.proved();
    return {.admitted = admitted,
            .spoke = initialized_,
            .last_step = queue_.last_step(),
            .proved = admitted && queue_.has_keys(),
            .visits = admitted && context_.controller->is_discovery()};
}

bool QueueSession::spreads() const {
    return context_.qid != 0 && context_.controller != nullptr && context_.proved();
}

bool QueueSession::is_still() const {
    return !context_.closing && dispatcher_.requests().all_free() && context_.out.size() == 0 &&
           queue_.auth().negotiation() == nullptr;
}

std::optional<TimePoint> QueueSession::next_deadline() const {
    if (context_.closing) {
        return std::nullopt;
    }
    std::optional<TimePoint> next;
    const auto add = [&next](TimePoint deadline) {
        next = std::min(deadline, next.value_or(deadline));
    };
    if (context_.controller != nullptr && context_.qid == 0) {
        next = context_.controller->expiry();
    }
    if (const auto deadline = queue_.auth().deadline()) {
        add(*deadline);
    }
    if (awaits_data()) {
        add(dispatcher_.transfers().deadline());
    }
    return next;
}

void QueueSession::on_timer(TimePoint now) {
    context_.now = now;
    if (context_.closing) {
        return;
    }
    if (std::string late = queue_.auth().on_timer(); !late.empty()) {
        queue_.close(Event::Kind::kFailed, std::move(late));
    }
    if (context_.closing) {
        return;
    }
    DataTransfers& transfers = dispatcher_.transfers();
    if (awaits_data() && transfers.deadline() <= now &&
        !transfers.move(receives_late_data() ? pdu_data_ : 0, now)) {
        queue_.close(Event::Kind::kFailed,
                     "the data of a write did not arrive within the time limit");
        return;
    }
    const bool counts = context_.controller != nullptr && context_.qid == 0;
    const auto expiry = counts ? context_.controller->expiry() : std::nullopt;
    if (expiry && *expiry <= now) {
        context_.controller->expire();
        queue_.close(Event::Kind::kFailed, "keep-alive expired");
    }
}

/// A part of a PDU is here, and memory for all of it is held.
bool QueueSession::receives_late_data() const {
    return context_.incoming != nullptr &&
           context_.incoming->state() != Request::State::kReceiving &&
           context_.incoming->state() != Request::State::kTransferring;
}

/// A host that gave a command up need not send the rest of its data, but what it begins to send.
bool QueueSession::awaits_data() const {
    return dispatcher_.transfers().are_awaited() || receives_late_data();
}

void QueueSession::give_up(PduError error) {
    if (context_.closing) {
        return;
    }
    term_req_.bytes = nvme::term_req(nvme::Sender::kController, error, reader_.header());
    term_req_.add(term_req_.bytes);
    context_.send(term_req_);
    queue_.close(Event::Kind::kFailed, nvme::describe(error));
}

// --- PDUs in ------------------------------------------------------------------------------------

nvme::ReceiveRules QueueSession::rules(nvme::PduType type) const {
    const Limits& limits = context_.target.limits();
    nvme::ReceiveRules rules{.header_digest = context_.framing.header_digest,
                             .data_digest = context_.framing.data_digest};
    rules.max_data = type == nvme::PduType::kH2cData
                         ? limits.max_h2c_bytes
                         : std::max(nvme::kAdminInCapsuleBytes, limits.io_capsule_bytes);
    return rules;
}

QueueSession::Destination QueueSession::on_header(base::ByteView header,
                                                  const nvme::PduLayout& layout) {
    const auto type = as<PduHeader>(header).type;
    context_.incoming = nullptr;
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

QueueSession::Destination QueueSession::on_ic_req(base::ByteView header) {
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
    response.maxh2cdata = context_.target.limits().max_h2c_bytes;
    ic_resp_.bytes = nvme::whole_pdu(response, nvme::Framing{});
    ic_resp_.add(ic_resp_.bytes);
    context_.send(ic_resp_);
    context_.framing = {.header_digest = (request.dgst & nvme::kDigestHeader) != 0,
                        .data_digest = (request.dgst & nvme::kDigestData) != 0,
                        .pda = request.hpda};
    context_.r2t_limit = std::min(uint32_t{request.maxr2t}, R2tWindow::kMost - 1) + 1;  // 0's based
    initialized_ = true;
    queue_.auth().step();
    return base::MutableBytes();
}

QueueSession::Destination QueueSession::on_term_req(base::ByteView header,
                                                    const nvme::PduLayout& layout) {
    const auto term = as<nvme::TermReq>(header);
    queue_.close(
        Event::Kind::kFailed,
        "the host gave up: " +
            nvme::describe(PduError{static_cast<FatalStatus>(uint16_t{term.fes}), term.fei}));
    return base::MutableBytes(scratch_).first(layout.data_length);
}

QueueSession::Destination QueueSession::on_capsule(base::ByteView header,
                                                   const nvme::PduLayout& layout) {
    Request* request = dispatcher_.begin(as<nvme::CapsuleCmd>(header).sqe, layout.data_length);
    if (request == nullptr) {  // more commands than the queue has entries
        return PduError{FatalStatus::kSequenceError, 0};
    }
    context_.incoming = request;
    return request->buffer.bytes();
}

QueueSession::Destination QueueSession::on_h2c_data(base::ByteView header,
                                                    const nvme::PduLayout& layout) {
    const auto pdu = as<nvme::H2cData>(header);
    if (dispatcher_.transfers().is_empty()) {
        return PduError{FatalStatus::kSequenceError, 0};  // nobody asked for data
    }
    const auto [request, part] = dispatcher_.transfers().find(pdu.ttag);
    if (request == nullptr) {
        return invalid_field(offsetof(nvme::H2cData, ttag));
    }
    if (pdu.cccid != request->sqe.cid) {
        return invalid_field(offsetof(nvme::H2cData, cccid));
    }
    if (pdu.datal != layout.data_length || layout.data_length == 0) {
        return invalid_field(offsetof(nvme::H2cData, datal));
    }
    const uint32_t left = request->r2ts.left(part);
    if (pdu.datao != part.offset + part.length - left) {
        return PduError{FatalStatus::kDataOutOfRange, offsetof(nvme::H2cData, datao)};
    }
    if (pdu.datal > left) {
        return PduError{FatalStatus::kDataOutOfRange, offsetof(nvme::H2cData, datal)};
    }
    const bool last = pdu.datal == left;
    if (((pdu.header.flags & PduHeader::kLastPdu) != 0) != last) {
        return invalid_field(offsetof(PduHeader, flags));
    }
    context_.incoming = request;
    pdu_part_ = part;
    return dispatcher_.place_for_data(*request, pdu.datao, pdu.datal);
}

base::Result<Nothing, PduError> QueueSession::on_pdu(bool intact) {
    if (context_.closing || context_.incoming == nullptr) {
        return Nothing{};
    }
    if (!intact && context_.controller != nullptr) {
        ++context_.counters.digest_errors;
    }
    Request& request = *std::exchange(context_.incoming, nullptr);
    if (request.state() == Request::State::kReceiving) {
        dispatcher_.dispatch(request, intact);
    } else {
        dispatcher_.take_data(request, pdu_part_, pdu_data_, intact);
    }
    return Nothing{};
}

}  // namespace target
