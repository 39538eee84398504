// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/queue/answer.h"

#include <algorithm>

#include "target/protection/integrity.h"

namespace target {

using nvme::PduHeader;

namespace {

/// Drills harm blocks here that a host reads; see Integrity.
void let_faults_in(Request& request, Integrity::WireStage stage) {
    Integrity* integrity = request.ns == nullptr ? nullptr : request.ns->backend().integrity();
    const bool reads = request.sqe.opcode == static_cast<uint8_t>(nvme::IoOpcode::kRead);
    if (integrity != nullptr && integrity->on_the_wire && reads) {
        integrity->on_the_wire(stage, {nvme::start_block(request.sqe),
                                       nvme::block_count(request.sqe), request.payload()});
    }
}

void add_data(Request& request, bool success_in_data, const nvme::Framing& framing) {
    OutPdu& out = request.answer_pdu;
    nvme::C2hData pdu;
    pdu.header.flags =
        static_cast<uint8_t>(PduHeader::kLastPdu | (success_in_data ? PduHeader::kSuccess : 0));
    pdu.cccid = request.sqe.cid;
    pdu.datao = 0;
    pdu.datal = request.transfer;
    request.data_head = nvme::frame(pdu, framing, request.transfer);
    out.add(request.data_head.bytes());
    out.add(request.payload());
    let_faults_in(request, Integrity::WireStage::kBeforeDigest);
    if (framing.data_digest) {
        request.data_digest = nvme::digest(request.payload());
        out.add(base::bytes_of(request.data_digest));
    }
    let_faults_in(request, Integrity::WireStage::kBehindDigest);
}

void add_response(Request& request, const Answer& answer, const nvme::Framing& framing) {
    nvme::CapsuleResp pdu;
    pdu.cqe.dw0 = static_cast<uint32_t>(answer.result);
    pdu.cqe.dw1 = static_cast<uint32_t>(answer.result >> 32U);
    pdu.cqe.sqhd = answer.flow_control ? answer.sqhd : uint16_t{0xFFFF};
    pdu.cqe.sqid = uint16_t{0};
    pdu.cqe.cid = request.sqe.cid;
    pdu.cqe.status = answer.status.wire();
    const nvme::FrameHead head = nvme::frame(pdu, framing);
    const auto place = std::span(request.response_bytes).first(head.bytes().size());
    std::ranges::copy(head.bytes(), place.begin());
    request.answer_pdu.add(place);
}

}  // namespace

bool frame_answer(Request& request, const Answer& answer, const nvme::Framing& framing) {
    const bool data = answer.status.ok() && request.transfer > 0 &&
                      request.direction() == nvme::DataDirection::kToHost;
    // The last data PDU may stand for the completion, if nothing else has to be told.
    const bool success_in_data = data && !answer.flow_control && answer.result == 0;
    request.answer_pdu.clear();
    if (data) {
        add_data(request, success_in_data, framing);
    }
    if (!success_in_data) {
        add_response(request, answer, framing);
    }
    return data;
}

}  // namespace target
