// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/slow_line.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "support/lanes.h"

namespace support {

void require(bool condition) {
    if (!condition) {
        std::abort();
    }
}

SlowLine::SlowLine(target::SessionFactory& factory, const FakeClock& clock,
                   std::vector<std::string> forbidden)
    : clock_(clock),
      forbidden_(std::move(forbidden)),
      session_(spread(
          factory.make(*this, {"192.0.2.1", 4420, "192.0.2.9:5000", "192.0.2.9"}, clock.now()))) {}

bool SlowLine::may_send() const {
    return !over() && session_->wants_input() && commands_.size() + events_.size() < kMostCommands;
}

void SlowLine::send(base::ByteView bytes) {
    session_->receive(bytes, clock_.now());
}

void SlowLine::submit(host::Command command, bool in_capsule) {
    while (commands_.contains(next_cid_) || events_.contains(next_cid_)) {
        ++next_cid_;
    }
    nvme::Sqe& sqe = command.sqe;
    const bool sends = !command.data_out.empty();
    sqe.cid = next_cid_;
    sqe.flags = static_cast<uint8_t>(sqe.flags | nvme::Sqe::kPsdtSgl);
    sqe.sgl.length = sends ? static_cast<uint32_t>(command.data_out.size()) : command.data_in_len;
    sqe.sgl.type =
        sends && in_capsule ? nvme::SglDescriptor::kInCapsule : nvme::SglDescriptor::kTransport;
    const bool is_event = sqe.opcode == static_cast<uint8_t>(nvme::AdminOpcode::kAsyncEventRequest);
    const base::Bytes pdu = nvme::whole_pdu(nvme::CapsuleCmd{{}, sqe}, {},
                                            in_capsule ? command.data_out : base::Bytes());
    if (is_event) {
        events_[next_cid_++] = true;
    } else {
        commands_[next_cid_++] = std::move(command.data_out);
    }
    send(pdu);
}

size_t SlowLine::unread() const {
    std::array<base::ByteView, 128> segments;
    size_t bytes = 0;
    for (const base::ByteView part : std::span(segments).first(session_->output(segments))) {
        bytes += part.size();
    }
    return bytes;
}

void SlowLine::read(size_t bytes) {
    std::array<base::ByteView, 1> segment;
    while (bytes > 0 && session_->output(segment) == 1) {
        const base::ByteView part = segment[0].first(std::min(bytes, segment[0].size()));
        came_.insert(came_.end(), part.begin(), part.end());
        bytes -= part.size();
        session_->sent(part.size());
    }
    while (take_pdu()) {
    }
}

/// Looks at the first PDU. @return false: it is not here yet
bool SlowLine::take_pdu() {
    const auto header = base::Reader(came_).take<nvme::PduHeader>();
    if (!header || came_.size() < header->plen) {
        return false;
    }
    const size_t size = header->plen;
    on_pdu(base::ByteView(came_).first(size));
    came_.erase(came_.begin(), came_.begin() + static_cast<std::ptrdiff_t>(size));
    return true;
}

void SlowLine::on_pdu(base::ByteView pdu) {
    const auto type = base::Reader(pdu).take<nvme::PduHeader>()->type;
    if (type == nvme::PduType::kCapsuleResp) {
        const nvme::Cqe cqe = base::Reader(pdu).take<nvme::CapsuleResp>()->cqe;
        on_answer(cqe.cid, nvme::Status::from_wire(cqe.status), cqe.dw0);
    } else if (type == nvme::PduType::kR2t) {
        const auto r2t = *base::Reader(pdu).take<nvme::R2t>();
        const auto command = commands_.find(r2t.cccid);
        require(command != commands_.end() && r2t.r2to + r2t.r2tl <= command->second.size());
        asked_.push_back({r2t.cccid, r2t.ttag, r2t.r2to, r2t.r2tl});
    } else if (type == nvme::PduType::kC2hData) {
        const auto data = *base::Reader(pdu).take<nvme::C2hData>();
        require(commands_.contains(data.cccid));
        for (const std::string& text : forbidden_) {
            require(memmem(pdu.data(), pdu.size(), text.data(), text.size()) == nullptr);
        }
    } else {
        require(type == nvme::PduType::kIcResp || type == nvme::PduType::kC2hTermReq);
    }
}

void SlowLine::on_answer(uint16_t cid, nvme::Status status, uint32_t dw0) {
    require(commands_.erase(cid) + events_.erase(cid) == 1);
    std::erase_if(asked_, [&](const Asked& asked) { return asked.cid == cid; });
    answers_.push_back(status.number());
    last_dw0_ = status.ok() ? std::optional(dw0) : std::nullopt;
}

void SlowLine::send_data(size_t which, uint32_t most) {
    if (asked_.empty() || over() || !session_->wants_input()) {
        return;
    }
    const auto place = asked_.begin() + static_cast<std::ptrdiff_t>(which % asked_.size());
    const uint32_t size = std::min(place->left, most);
    nvme::H2cData pdu;
    pdu.cccid = place->cid;
    pdu.ttag = place->tag;
    pdu.datao = place->offset;
    pdu.datal = size;
    pdu.header.flags = size == place->left ? nvme::PduHeader::kLastPdu : uint8_t{0};
    const base::Bytes bytes = nvme::whole_pdu(
        pdu, {}, base::ByteView(commands_.at(place->cid)).subspan(place->offset, size));
    place->offset += size;
    place->left -= size;
    if (place->left == 0) {
        asked_.erase(place);
    }
    send(bytes);
}

void SlowLine::greet() {
    nvme::IcReq request;
    request.maxr2t = 1U;
    send(nvme::whole_pdu(request, {}));
    read(SIZE_MAX);
}

std::optional<uint32_t> SlowLine::run(host::Command command) {
    last_dw0_.reset();
    submit(std::move(command));
    read(SIZE_MAX);
    return last_dw0_;
}

void SlowLine::settle() {
    read(SIZE_MAX);
    while (!asked_.empty() && !over()) {
        send_data(0, UINT32_MAX);
        read(SIZE_MAX);
    }
}

}  // namespace support
