// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/rogue.h"

#include <algorithm>
#include <array>
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
};

constexpr size_t kReplyCvalid = 8;  // in a Reply: the host wants our proof
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

bool Rogue::may_connect(std::string_view hostnqn, const target::Subsystem& subsystem) const {
    return policy_->may_connect(hostnqn, subsystem);
}

std::shared_ptr<const target::HostKeys> Rogue::keys(std::string_view hostnqn,
                                                    const target::Subsystem& subsystem,
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
        silent_ = !look_at(rest.first(length));
        if (!silent_) {
            inner_->receive(rest.first(length), now);
        }
        done += length;
    }
    pending_.erase(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(done));
}

size_t RogueSession::output(std::span<base::ByteView> segments) const {
    return silent_ ? 0 : inner_->output(segments);
}

std::optional<base::TimePoint> RogueSession::next_deadline() const {
    return silent_ ? std::nullopt : inner_->next_deadline();
}

void RogueSession::on_timer(base::TimePoint now) {
    if (!silent_) {
        inner_->on_timer(now);
    }
}

bool RogueSession::look_at(base::MutableBytes pdu) {
    const auto type = as<nvme::PduHeader>(pdu).type;
    if (type == nvme::PduType::kIcReq) {
        return quirk_ != Quirk::kSilentAfterIcReq;
    }
    return type != nvme::PduType::kCapsuleCmd || pdu.size() < sizeof(nvme::CapsuleCmd) ||
           look_at_capsule(pdu);
}

bool RogueSession::look_at_capsule(base::MutableBytes pdu) {
    const nvme::Sqe sqe = as<nvme::CapsuleCmd>(pdu).sqe;
    if (sqe.opcode != static_cast<uint8_t>(nvme::AdminOpcode::kFabrics)) {
        return true;
    }
    const nvme::FabricsType type = nvme::fabrics_type(sqe);
    if (type == nvme::FabricsType::kConnect) {
        io_queue_ = nvme::command_as<nvme::ConnectSqe>(sqe).qid != 0;
        return quirk_ != Quirk::kSilentAfterConnect;
    }
    if (type == nvme::FabricsType::kAuthReceive) {
        return quirk_ != Quirk::kSilentInAuth;
    }
    const bool forgets = quirk_ == Quirk::kRvalid0 || (quirk_ == Quirk::kRvalid0Io && io_queue_);
    if (type == nvme::FabricsType::kAuthSend && forgets) {
        forget_challenge(pdu);
    }
    return true;
}

/// Makes a Reply one that wants no proof, data digest included.
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
