// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/queue.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "base/text.h"

namespace host {
namespace {

using base::ByteView;
using nvme::FatalStatus;
using nvme::PduError;

/// Received bytes are moved to the front of the buffer once this many are done with.
constexpr size_t kCompactAt = 64 * 1024;

uint8_t digest_bits(const QueueOptions& options) {
    return static_cast<uint8_t>((options.header_digest ? nvme::kDigestHeader : 0) |
                                (options.data_digest ? nvme::kDigestData : 0));
}

std::string digest_text(const char* which, bool asked) {
    return base::format(
        asked ? "the target refuses %s digests" : "the target insists on %s digests", which);
}

template <class Pdu>
Pdu as(ByteView pdu) {
    const auto value = base::Reader(pdu).take<Pdu>();
    assert(value);
    return *value;
}

PduError reason_of(const nvme::TermReq& pdu) {
    return {static_cast<FatalStatus>(uint16_t{pdu.fes}), pdu.fei};
}

PduError bad_field(size_t offset) {
    return {FatalStatus::kInvalidHeaderField, static_cast<uint32_t>(offset)};
}

/// Where the data of a command lies, from the host's point of view.
nvme::SglDescriptor describe_data(const Command& command, uint32_t in_capsule_len) {
    nvme::SglDescriptor sgl;
    sgl.type = nvme::SglDescriptor::kTransport;
    sgl.length = command.data_out.empty() ? command.data_in_len
                                          : static_cast<uint32_t>(command.data_out.size());
    if (!command.data_out.empty() && command.data_out.size() <= in_capsule_len) {
        sgl.type = nvme::SglDescriptor::kInCapsule;
    }
    return sgl;
}

}  // namespace

HandshakeProblem check_ic_resp(const nvme::IcResp& pdu, const QueueOptions& options,
                               std::string& text) {
    const uint8_t wrong = pdu.dgst ^ digest_bits(options);
    if (pdu.pfv != 0) {
        text =
            base::format("the target speaks NVMe/TCP format %u, Linux only 0", unsigned{pdu.pfv});
        return HandshakeProblem::kVersion;
    }
    if ((wrong & nvme::kDigestData) != 0) {
        text = digest_text("data", options.data_digest);
        return HandshakeProblem::kDataDigest;
    }
    if ((wrong & nvme::kDigestHeader) != 0) {
        text = digest_text("header", options.header_digest);
        return HandshakeProblem::kHeaderDigest;
    }
    if (pdu.cpda != 0) {
        text =
            base::format("the target wants its data aligned to %u bytes (CPDA %u), Linux does not",
                         (pdu.cpda + 1U) * 4U, unsigned{pdu.cpda});
        return HandshakeProblem::kAlignment;
    }
    if (pdu.maxh2cdata < nvme::kMinMaxH2cData || pdu.maxh2cdata % 4 != 0) {
        text = base::format(
            "the target takes at most %u bytes of data at once (MAXH2CDATA), Linux "
            "wants at least 4096 and a multiple of 4",
            uint32_t{pdu.maxh2cdata});
        return HandshakeProblem::kMaxData;
    }
    return HandshakeProblem::kNone;
}

Queue::Queue(const QueueOptions& options) : options_(options), commands_(options.max_commands) {
    for (uint16_t cid = options.max_commands; cid > 0; --cid) {
        free_.push_back(static_cast<uint16_t>(cid - 1));
    }
    nvme::IcReq request;
    request.dgst = digest_bits(options);
    out_ = nvme::whole_pdu(request, {});
}

void Queue::receive(ByteView bytes) {
    if (state_ == State::kBroken) {
        return;
    }
    in_.insert(in_.end(), bytes.begin(), bytes.end());
    while (state_ != State::kBroken && receive_one()) {
    }
    if (consumed_ == in_.size() || consumed_ > kCompactAt) {
        in_.erase(in_.begin(), in_.begin() + static_cast<std::ptrdiff_t>(consumed_));
        consumed_ = 0;
    }
}

/// Takes one whole PDU off the front of the buffer, or returns false when there is none.
bool Queue::receive_one() {
    if (state_ == State::kHandshake) {
        return read_handshake();
    }
    const ByteView rest = ByteView(in_).subspan(consumed_);
    const auto header = base::Reader(rest).take<nvme::PduHeader>();
    if (!header) {
        return false;
    }
    const nvme::ReceiveRules rules{nvme::Sender::kController, options_.header_digest,
                                   options_.data_digest, 0, options_.max_read_len};
    const auto layout = nvme::check_header(*header, rules);
    if (layout && rest.size() < layout->length) {
        return false;
    }
    const Judgement judgement =
        layout ? handle(rest.first(layout->length), *layout) : Judgement(layout.error());
    if (!judgement) {
        const PduError error = judgement.error();
        base::Writer(out_).put_bytes(nvme::term_req(nvme::Sender::kHost, error, rest.first(8)));
        break_off("the target broke the protocol: " + nvme::describe(error));
        return false;
    }
    consumed_ += layout->length;
    return true;
}

/// ICResp, or what tells that the other end is no NVMe/TCP target: judged from its first 8 bytes,
/// since another protocol may never send 128.
bool Queue::read_handshake() {
    const ByteView rest = ByteView(in_).subspan(consumed_);
    const auto header = base::Reader(rest).take<nvme::PduHeader>();
    if (!header) {
        return false;
    }
    if (header->type == nvme::PduType::kC2hTermReq && header->hlen == sizeof(nvme::TermReq)) {
        if (const auto term = base::Reader(rest).take<nvme::TermReq>()) {
            handshake_problem_ = HandshakeProblem::kNotIcResp;
            break_off("the target refused the handshake: " + nvme::describe(reason_of(*term)));
        }
        return false;
    }
    if (header->type != nvme::PduType::kIcResp || header->hlen != sizeof(nvme::IcResp) ||
        header->plen != sizeof(nvme::IcResp)) {
        handshake_problem_ = HandshakeProblem::kNotIcResp;
        break_off("what answers is not an NVMe/TCP target");
        return false;
    }
    const auto response = base::Reader(rest).take<nvme::IcResp>();
    if (!response) {
        return false;
    }
    ic_resp_ = *response;
    consumed_ += sizeof(nvme::IcResp);
    std::string text;
    handshake_problem_ = check_ic_resp(ic_resp_, options_, text);
    if (handshake_problem_ != HandshakeProblem::kNone) {
        break_off(std::move(text));
        return false;
    }
    state_ = State::kOpen;
    return true;
}

Queue::Judgement Queue::handle(ByteView pdu, const nvme::PduLayout& layout) {
    if (const Judgement digest = nvme::check_header_digest(pdu, layout); !digest) {
        return digest.error();
    }
    switch (as<nvme::PduHeader>(pdu).type) {
        case nvme::PduType::kCapsuleResp:
            return handle_response(as<nvme::CapsuleResp>(pdu));
        case nvme::PduType::kC2hData:
            return handle_data(pdu, layout);
        case nvme::PduType::kR2t:
            return handle_r2t(as<nvme::R2t>(pdu));
        case nvme::PduType::kC2hTermReq:
            break_off("the target ended the connection: " +
                      nvme::describe(reason_of(as<nvme::TermReq>(pdu))));
            return base::Nothing{};
        case nvme::PduType::kIcReq:
        case nvme::PduType::kIcResp:
        case nvme::PduType::kH2cTermReq:
        case nvme::PduType::kCapsuleCmd:
        case nvme::PduType::kH2cData:
            break;
    }
    return PduError{FatalStatus::kSequenceError, 0};
}

Queue::Judgement Queue::handle_response(const nvme::CapsuleResp& pdu) {
    if (find(pdu.cqe.cid) == nullptr) {
        return bad_field(offsetof(nvme::CapsuleResp, cqe) + offsetof(nvme::Cqe, cid));
    }
    complete(pdu.cqe.cid, pdu.cqe);
    return base::Nothing{};
}

Queue::Judgement Queue::handle_data(ByteView pdu, const nvme::PduLayout& layout) {
    const auto header = as<nvme::C2hData>(pdu);
    const bool last = (header.header.flags & nvme::PduHeader::kLastPdu) != 0;
    const bool success = (header.header.flags & nvme::PduHeader::kSuccess) != 0;
    Pending* command = find(header.cccid);
    if (command == nullptr) {
        return bad_field(offsetof(nvme::C2hData, cccid));
    }
    if (header.datal != layout.data_length) {
        return bad_field(offsetof(nvme::C2hData, datal));
    }
    if (header.datao != command->data_in.size() ||
        header.datal > command->data_in_len - header.datao) {
        return PduError{FatalStatus::kDataOutOfRange, offsetof(nvme::C2hData, datao)};
    }
    if (success && !last) {
        return bad_field(offsetof(nvme::PduHeader, flags));
    }
    const ByteView data = nvme::data_of(pdu, layout);
    command->digest_failed |= !nvme::data_digest_matches(pdu, layout);
    command->data_in.insert(command->data_in.end(), data.begin(), data.end());
    if (success) {
        nvme::Cqe cqe;
        cqe.cid = header.cccid;
        complete(header.cccid, cqe);
    }
    return base::Nothing{};
}

Queue::Judgement Queue::handle_r2t(const nvme::R2t& pdu) {
    Pending* command = find(pdu.cccid);
    if (command == nullptr) {
        return bad_field(offsetof(nvme::R2t, cccid));
    }
    if (pdu.r2tl == 0) {
        return bad_field(offsetof(nvme::R2t, r2tl));
    }
    if (pdu.r2to != command->granted || pdu.r2tl > command->data_out.size() - command->granted) {
        return PduError{FatalStatus::kDataOutOfRange, offsetof(nvme::R2t, r2to)};
    }
    command->granted += pdu.r2tl;
    send_data(pdu, *command);
    return base::Nothing{};
}

void Queue::send_data(const nvme::R2t& r2t, const Pending& command) {
    const ByteView all = ByteView(command.data_out).subspan(r2t.r2to, r2t.r2tl);
    for (size_t sent = 0; sent < all.size();) {
        const size_t size = std::min<size_t>(all.size() - sent, ic_resp_.maxh2cdata);
        nvme::H2cData pdu;
        pdu.header.flags = sent + size == all.size() ? nvme::PduHeader::kLastPdu : uint8_t{0};
        pdu.cccid = r2t.cccid;
        pdu.ttag = r2t.ttag;
        pdu.datao = static_cast<uint32_t>(r2t.r2to + sent);
        pdu.datal = static_cast<uint32_t>(size);
        put(nvme::frame(pdu, framing(), pdu.datal), all.subspan(sent, size));
        sent += size;
    }
}

void Queue::put(const nvme::FrameHead& head, ByteView data) {
    base::Writer writer(out_);
    writer.put_bytes(head.bytes()).put_bytes(data);
    if (options_.data_digest && !data.empty()) {
        writer.put(nvme::digest(data));
    }
}

void Queue::complete(uint16_t cid, const nvme::Cqe& cqe) {
    Pending& command = commands_[cid];
    nvme::Status status = nvme::Status::from_wire(cqe.status);
    if (command.digest_failed) {
        status = nvme::status::kDataTransferError;
    }
    done_.push_back({cid, status, cqe.dw0, cqe.dw1, cqe.sqhd, std::move(command.data_in)});
    command = Pending{};
    free_.push_back(cid);
}

Queue::Pending* Queue::find(uint16_t cid) {
    return cid < commands_.size() && commands_[cid].active ? &commands_[cid] : nullptr;
}

void Queue::break_off(std::string problem) {
    state_ = State::kBroken;
    problem_ = std::move(problem);
}

nvme::Framing Queue::framing() const {
    return {options_.header_digest, options_.data_digest, ic_resp_.cpda};
}

base::Bytes Queue::take_output() {
    return std::exchange(out_, {});
}

std::optional<uint16_t> Queue::submit(Command command) {
    assert(state_ == State::kOpen);
    if (free_.empty()) {
        return std::nullopt;
    }
    const uint16_t cid = free_.back();
    free_.pop_back();
    nvme::CapsuleCmd pdu;
    pdu.sqe = command.sqe;
    pdu.sqe.cid = cid;
    pdu.sqe.flags =
        static_cast<uint8_t>((pdu.sqe.flags & nvme::Sqe::kFusedMask) | nvme::Sqe::kPsdtSgl);
    pdu.sqe.sgl = describe_data(command, options_.in_capsule_len);
    ByteView in_capsule;
    if (pdu.sqe.sgl.type == nvme::SglDescriptor::kInCapsule) {
        in_capsule = command.data_out;
    }
    put(nvme::frame(pdu, framing(), static_cast<uint32_t>(in_capsule.size())), in_capsule);
    Pending& pending = commands_[cid];
    pending.active = true;
    pending.granted = static_cast<uint32_t>(in_capsule.size());
    pending.data_out = std::move(command.data_out);
    pending.data_in_len = command.data_in_len;
    pending.data_in.reserve(command.data_in_len);
    return cid;
}

std::optional<Completion> Queue::take_completion() {
    if (done_.empty()) {
        return std::nullopt;
    }
    Completion completion = std::move(done_.front());
    done_.pop_front();
    return completion;
}

}  // namespace host
