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

/// The place of the data of a command, from the host's point of view.
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
            base::format("the target requires data aligned to %u bytes (CPDA %u), Linux does not",
                         (pdu.cpda + 1U) * 4U, unsigned{pdu.cpda});
        return HandshakeProblem::kAlignment;
    }
    if (pdu.maxh2cdata < nvme::kMinMaxH2cData || pdu.maxh2cdata % 4 != 0) {
        text = base::format(
            "the target takes at most %u bytes of data at once (MAXH2CDATA), Linux "
            "requires at least 4096 and a multiple of 4",
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
    if (const auto taken = reader_.receive(bytes, *this); !taken) {
        receive_failed(taken.error());
    }
}

/// Before the ICResp nothing is sure yet: an error then is reported as "not an NVMe/TCP target",
/// from its first 8 bytes, since another protocol may never send 128.
void Queue::receive_failed(PduError error) {
    if (state_ == State::kHandshake) {
        handshake_problem_ = HandshakeProblem::kNotIcResp;
        return break_off("what answers is not an NVMe/TCP target");
    }
    if (state_ == State::kOpen) {
        const ByteView header = reader_.header();
        base::Writer(out_).put_bytes(nvme::term_req(
            nvme::Sender::kHost, error, header.first(std::min<size_t>(header.size(), 8))));
        break_off("the target broke the protocol: " + nvme::describe(error));
    }
}

nvme::ReceiveRules Queue::rules(nvme::PduType /*type*/) const {
    const bool open = state_ == State::kOpen;
    return {nvme::Sender::kController, open && options_.header_digest, open && options_.data_digest,
            0, options_.max_read_len};
}

base::Result<base::MutableBytes, PduError> Queue::on_header(ByteView header,
                                                            const nvme::PduLayout& layout) {
    const auto type = as<nvme::PduHeader>(header).type;
    data_.reset();
    if (type == nvme::PduType::kC2hTermReq) {
        on_term_req(as<nvme::TermReq>(header));
        quoted_.resize(layout.data_length);
        return base::MutableBytes(quoted_);
    }
    if ((type == nvme::PduType::kIcResp) != (state_ == State::kHandshake)) {
        return PduError{FatalStatus::kSequenceError, 0};
    }
    switch (type) {
        case nvme::PduType::kIcResp:
            on_ic_resp(as<nvme::IcResp>(header));
            break;
        case nvme::PduType::kCapsuleResp:
            TRY_VOID(on_response(as<nvme::CapsuleResp>(header)));
            break;
        case nvme::PduType::kR2t:
            TRY_VOID(on_r2t(as<nvme::R2t>(header)));
            break;
        case nvme::PduType::kC2hData:
            if (as<nvme::C2hData>(header).datal != layout.data_length) {
                return bad_field(offsetof(nvme::C2hData, datal));
            }
            return on_data(as<nvme::C2hData>(header));
        case nvme::PduType::kIcReq:
        case nvme::PduType::kH2cTermReq:
        case nvme::PduType::kC2hTermReq:
        case nvme::PduType::kCapsuleCmd:
        case nvme::PduType::kH2cData:
            break;  // check_header() lets none of these through
    }
    // A queue that broke off takes no further PDU.
    return base::MutableBytes();
}

void Queue::on_term_req(const nvme::TermReq& pdu) {
    const std::string reason = nvme::describe(reason_of(pdu));
    if (state_ == State::kHandshake) {
        handshake_problem_ = HandshakeProblem::kNotIcResp;
        return break_off("the target refused the handshake: " + reason);
    }
    break_off("the target ended the connection: " + reason);
}

void Queue::on_ic_resp(const nvme::IcResp& pdu) {
    ic_resp_ = pdu;
    state_ = State::kOpen;
    std::string text;
    handshake_problem_ = check_ic_resp(ic_resp_, options_, text);
    if (handshake_problem_ != HandshakeProblem::kNone) {
        break_off(std::move(text));
    }
}

Queue::Judgement Queue::on_response(const nvme::CapsuleResp& pdu) {
    if (find(pdu.cqe.cid) == nullptr) {
        return bad_field(offsetof(nvme::CapsuleResp, cqe) + offsetof(nvme::Cqe, cid));
    }
    complete(pdu.cqe.cid, pdu.cqe);
    return base::Nothing{};
}

base::Result<base::MutableBytes, PduError> Queue::on_data(const nvme::C2hData& pdu) {
    const bool last = (pdu.header.flags & nvme::PduHeader::kLastPdu) != 0;
    const bool success = (pdu.header.flags & nvme::PduHeader::kSuccess) != 0;
    Pending* command = find(pdu.cccid);
    if (command == nullptr) {
        return bad_field(offsetof(nvme::C2hData, cccid));
    }
    if (pdu.datao != command->received || pdu.datal > command->data_in.size() - pdu.datao) {
        return PduError{FatalStatus::kDataOutOfRange, offsetof(nvme::C2hData, datao)};
    }
    if (success && !last) {
        return bad_field(offsetof(nvme::PduHeader, flags));
    }
    data_ = pdu;
    return base::MutableBytes(command->data_in).subspan(pdu.datao, pdu.datal);
}

Queue::Judgement Queue::on_pdu(bool intact) {
    if (state_ == State::kBroken) {
        return PduError{FatalStatus::kSequenceError, 0};
    }
    if (!data_) {
        return base::Nothing{};
    }
    Pending& command = commands_[data_->cccid];
    command.received += data_->datal;
    command.digest_failed |= !intact;
    if ((data_->header.flags & nvme::PduHeader::kSuccess) != 0) {
        nvme::Cqe cqe;
        cqe.cid = data_->cccid;
        complete(data_->cccid, cqe);
    }
    return base::Nothing{};
}

Queue::Judgement Queue::on_r2t(const nvme::R2t& pdu) {
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
    command.data_in.resize(command.received);
    done_.push_back({cid, status, cqe.dw0, cqe.dw1, cqe.sqhd, std::move(command.data_in),
                     std::move(command.data_out)});
    command = Pending{};
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

base::Bytes Queue::take_output(base::Bytes spent) {
    spent.clear();
    return std::exchange(out_, std::move(spent));
}

std::optional<uint16_t> Queue::submit(Command command) {
    if (state_ != State::kOpen || free_.empty()) {
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
    pending.data_in = std::move(command.memory);
    pending.data_in.resize(command.data_in_len);
    return cid;
}

std::optional<Completion> Queue::take_completion() {
    if (done_.empty()) {
        return std::nullopt;
    }
    Completion completion = std::move(done_.front());
    done_.pop_front();
    free_.push_back(completion.cid);
    return completion;
}

}  // namespace host
