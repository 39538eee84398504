// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/rogue.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>

#include "nvme/dhchap.h"
#include "nvme/fabrics.h"

namespace support {
namespace {

struct Row {
    std::string_view name;
    Quirk quirk;
};
constexpr std::array kQuirks = {
    Row{"no-auth", Quirk::kNoAuth},
    Row{"admin-only-auth", Quirk::kAdminOnlyAuth},
    Row{"rvalid0", Quirk::kRvalid0},
    Row{"rvalid0-io", Quirk::kRvalid0Io},
    Row{"silent-after-icreq", Quirk::kSilentAfterIcReq},
    Row{"silent-after-connect", Quirk::kSilentAfterConnect},
    Row{"silent-in-auth", Quirk::kSilentInAuth},
    Row{"silent-in-identify", Quirk::kSilentInIdentify},
    Row{"silent-at-io-connect", Quirk::kSilentAtIoConnect},
    Row{"slow-reads", Quirk::kSlowReads},
    Row{"silent-io", Quirk::kSilentIo},
    Row{"wrong-digest", Quirk::kWrongDigest},
    Row{"wrong-io-digest", Quirk::kWrongIoDigest},
    Row{"wrong-command-id", Quirk::kWrongCommandId},
};

constexpr auto kReadWaits = std::chrono::milliseconds(20);

constexpr size_t kReplyCvalid = 8;  // in a Reply: the host requires our proof
constexpr size_t kReplySequence = 12;

template <class Wire>
Wire as(base::ByteView bytes) {
    Wire wire;
    std::memcpy(&wire, bytes.data(), sizeof wire);
    return wire;
}

}  // namespace

std::optional<Quirk> find_quirk(std::string_view name) {
    const auto* row = std::ranges::find(kQuirks, name, &Row::name);
    return row == kQuirks.end() ? std::nullopt : std::optional(row->quirk);
}

std::vector<std::string_view> quirk_names() {
    std::vector<std::string_view> names;
    std::ranges::transform(kQuirks, std::back_inserter(names), &Row::name);
    return names;
}

const target::AccessPolicy& Rogue::access(const target::AccessPolicy& inner) {
    policy_ = &inner;
    return *this;
}

target::SessionFactory& Rogue::sessions(target::SessionFactory& inner) {
    factory_ = &inner;
    return *this;
}

bool Rogue::may_connect(std::string_view hostnqn, const target::SubsystemConfig& subsystem) const {
    return policy_->may_connect(hostnqn, subsystem);
}

std::shared_ptr<const target::HostKeys> Rogue::keys(std::string_view hostnqn,
                                                    const target::SubsystemConfig& subsystem,
                                                    uint16_t qid) const {
    const bool hides = quirk_ == Quirk::kNoAuth || (quirk_ == Quirk::kAdminOnlyAuth && qid != 0);
    return hides ? nullptr : policy_->keys(hostnqn, subsystem, qid);
}

std::unique_ptr<target::Session> Rogue::make(target::SessionOwner& owner,
                                             target::Endpoints endpoints, base::TimePoint now) {
    return std::make_unique<RogueSession>(quirk_, factory_->make(owner, std::move(endpoints), now));
}

void RogueSession::receive(base::ByteView bytes, base::TimePoint now) {
    if (silent_) {
        return;
    }
    pending_.insert(pending_.end(), bytes.begin(), bytes.end());
    size_t done = 0;
    while (!silent_ && pending_.size() - done >= nvme::kCommonHeaderBytes) {
        const base::MutableBytes rest = std::span(pending_).subspan(done);
        const size_t length = as<nvme::PduHeader>(rest).plen;
        if (length < nvme::kCommonHeaderBytes || length > rest.size()) {
            break;
        }
        const Fate fate = look_at(rest.first(length));
        silent_ = fate == Fate::kSilence;
        if (fate == Fate::kPass) {
            inner_->receive(rest.first(length), now);
        } else if (fate == Fate::kWait) {
            const auto pdu = rest.first(length);
            waiting_.push_back({now + kReadWaits, base::Bytes(pdu.begin(), pdu.end())});
        }
        done += length;
    }
    pending_.erase(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(done));
}

size_t RogueSession::output(std::span<base::ByteView> segments) const {
    if (silent_) {
        return 0;
    }
    if (!changes_output()) {
        return inner_->output(segments);
    }
    take_output();
    if (changed_ == 0 || segments.empty()) {
        return 0;
    }
    segments.front() = base::ByteView(out_).first(changed_);
    return 1;
}

void RogueSession::sent(size_t bytes) {
    if (!changes_output()) {
        inner_->sent(bytes);
        return;
    }
    out_.erase(out_.begin(), out_.begin() + static_cast<std::ptrdiff_t>(bytes));
    changed_ -= bytes;
}

/// The session may show a PDU in pieces; only whole ones are changed and go out.
void RogueSession::take_output() const {
    std::array<base::ByteView, 16> pieces;
    while (const size_t count = inner_->output(pieces)) {
        size_t bytes = 0;
        for (const base::ByteView piece : std::span(pieces).first(count)) {
            out_.insert(out_.end(), piece.begin(), piece.end());
            bytes += piece.size();
        }
        inner_->sent(bytes);
    }
    while (out_.size() - changed_ >= nvme::kCommonHeaderBytes) {
        const base::MutableBytes rest = std::span(out_).subspan(changed_);
        const size_t length = as<nvme::PduHeader>(rest).plen;
        if (length > rest.size()) {
            break;
        }
        change(rest.first(length));
        changed_ += length;
    }
}

void RogueSession::change(base::MutableBytes pdu) const {
    const auto header = as<nvme::PduHeader>(pdu);
    if (header.type != nvme::PduType::kC2hData) {
        return;
    }
    const bool io = io_commands_.contains(as<nvme::C2hData>(pdu).cccid);
    if (quirk_ == Quirk::kWrongCommandId) {
        if (io) {
            pdu[offsetof(nvme::C2hData, cccid)] ^= std::byte{0x55};
        }
    } else if ((header.flags & nvme::PduHeader::kDataDigest) != 0 &&
               (io || quirk_ == Quirk::kWrongDigest)) {
        pdu.back() ^= std::byte{1};
    }
}

std::optional<base::TimePoint> RogueSession::next_deadline() const {
    if (silent_) {
        return std::nullopt;
    }
    const auto deadline = inner_->next_deadline();
    if (waiting_.empty()) {
        return deadline;
    }
    return deadline ? std::min(*deadline, waiting_.front().until) : waiting_.front().until;
}

void RogueSession::on_timer(base::TimePoint now) {
    if (silent_) {
        return;
    }
    inner_->on_timer(now);
    while (!waiting_.empty() && waiting_.front().until <= now) {
        inner_->receive(waiting_.front().pdu, now);
        waiting_.pop_front();
    }
}

RogueSession::Fate RogueSession::look_at(base::MutableBytes pdu) {
    const auto type = as<nvme::PduHeader>(pdu).type;
    if (type == nvme::PduType::kIcReq) {
        return quirk_ == Quirk::kSilentAfterIcReq ? Fate::kSilence : Fate::kPass;
    }
    const bool capsule =
        type == nvme::PduType::kCapsuleCmd && pdu.size() >= sizeof(nvme::CapsuleCmd);
    return capsule ? look_at_capsule(pdu) : Fate::kPass;
}

RogueSession::Fate RogueSession::look_at_capsule(base::MutableBytes pdu) {
    const nvme::Sqe sqe = as<nvme::CapsuleCmd>(pdu).sqe;
    const bool fabrics = sqe.opcode == static_cast<uint8_t>(nvme::AdminOpcode::kFabrics);
    if (fabrics && nvme::fabrics_type(sqe) == nvme::FabricsType::kConnect) {
        io_queue_ = nvme::command_as<nvme::ConnectSqe>(sqe).qid != 0;
    }
    if (io_queue_ && !fabrics) {
        io_commands_.insert(sqe.cid);
    } else {
        io_commands_.erase(sqe.cid);
    }
    const bool forgets = quirk_ == Quirk::kRvalid0 || (quirk_ == Quirk::kRvalid0Io && io_queue_);
    if (forgets && fabrics && nvme::fabrics_type(sqe) == nvme::FabricsType::kAuthSend) {
        forget_challenge(pdu);
    }
    return fate_of(sqe);
}

RogueSession::Fate RogueSession::fate_of(const nvme::Sqe& sqe) const {
    const auto silence_if = [](bool silent) { return silent ? Fate::kSilence : Fate::kPass; };
    if (sqe.opcode != static_cast<uint8_t>(nvme::AdminOpcode::kFabrics)) {
        if (io_queue_) {
            const bool read = sqe.opcode == static_cast<uint8_t>(nvme::IoOpcode::kRead);
            return quirk_ == Quirk::kSilentIo            ? Fate::kLose
                   : read && quirk_ == Quirk::kSlowReads ? Fate::kWait
                                                         : Fate::kPass;
        }
        return silence_if(quirk_ == Quirk::kSilentInIdentify &&
                          sqe.opcode == static_cast<uint8_t>(nvme::AdminOpcode::kIdentify));
    }
    switch (nvme::fabrics_type(sqe)) {
        case nvme::FabricsType::kConnect:
            return silence_if(quirk_ == Quirk::kSilentAfterConnect ||
                              (io_queue_ && quirk_ == Quirk::kSilentAtIoConnect));
        case nvme::FabricsType::kAuthReceive:
            return silence_if(quirk_ == Quirk::kSilentInAuth);
        default:
            return Fate::kPass;
    }
}

/// Makes a Reply one that requires no proof, data digest included.
void RogueSession::forget_challenge(base::MutableBytes pdu) const {
    const auto header = as<nvme::PduHeader>(pdu);
    const bool digest = (header.flags & nvme::PduHeader::kDataDigest) != 0;
    if (header.pdo == 0 || header.pdo + (digest ? nvme::kDigestBytes : 0U) > pdu.size()) {
        return;
    }
    const base::MutableBytes data =
        pdu.subspan(header.pdo, pdu.size() - header.pdo - (digest ? nvme::kDigestBytes : 0U));
    if (nvme::auth_message(data) != nvme::AuthMessage::kReply) {
        return;
    }
    data[kReplyCvalid] = std::byte{0};
    std::ranges::fill(data.subspan(kReplySequence, 4), std::byte{0});
    if (digest) {
        std::ranges::copy(base::bytes_of(nvme::digest(data)), pdu.last(nvme::kDigestBytes).begin());
    }
}

}  // namespace support
