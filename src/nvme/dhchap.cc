// SPDX-License-Identifier: GPL-2.0-or-later
#include "nvme/dhchap.h"

#include <algorithm>
#include <cassert>

namespace nvme {
namespace {

constexpr uint8_t kCommon = 0x00;
constexpr uint8_t kDhchap = 0x01;
constexpr size_t kMaxIds = 30;

struct Head {
    uint8_t auth_type = 0;
    uint8_t auth_id = 0;
    Reserved<2> reserved2{};
    le16 t_id;
};
static_assert(sizeof(Head) == 6);

struct NegotiateWire {
    Head head;
    uint8_t sc_c = 0;
    uint8_t napd = 0;
};
static_assert(sizeof(NegotiateWire) == 8);

struct ProtocolDescriptor {
    uint8_t authid = 0;
    uint8_t reserved1 = 0;
    uint8_t halen = 0;
    uint8_t dhlen = 0;
    std::array<uint8_t, kMaxIds> hashes{};
    std::array<uint8_t, kMaxIds> groups{};
};
static_assert(sizeof(ProtocolDescriptor) == 64);

struct ChallengeWire {
    Head head;
    uint8_t hl = 0;
    uint8_t reserved7 = 0;
    uint8_t hashid = 0;
    uint8_t dhgid = 0;
    le16 dhvlen;
    le32 seqnum;
};
static_assert(sizeof(ChallengeWire) == 16);

struct ReplyWire {
    Head head;
    uint8_t hl = 0;
    uint8_t reserved7 = 0;
    uint8_t cvalid = 0;
    uint8_t reserved9 = 0;
    le16 dhvlen;
    le32 seqnum;
};
static_assert(sizeof(ReplyWire) == 16);

struct Success1Wire {
    Head head;
    uint8_t hl = 0;
    uint8_t reserved7 = 0;
    uint8_t rvalid = 0;
    Reserved<7> reserved9{};
};
static_assert(sizeof(Success1Wire) == 16);

struct Success2Wire {
    Head head;
    Reserved<10> reserved6{};
};
static_assert(sizeof(Success2Wire) == 16);

struct FailureWire {
    Head head;
    uint8_t rc = 0;
    uint8_t rce = 0;
};
static_assert(sizeof(FailureWire) == 8);

struct MessageRow {
    AuthMessage message;
    uint8_t type;
    uint8_t id;
    std::string_view name;
};
constexpr std::array kMessages = {
    MessageRow{AuthMessage::kNegotiate, kCommon, 0x00, "Negotiate"},
    MessageRow{AuthMessage::kChallenge, kDhchap, 0x01, "Challenge"},
    MessageRow{AuthMessage::kReply, kDhchap, 0x02, "Reply"},
    MessageRow{AuthMessage::kSuccess1, kDhchap, 0x03, "Success1"},
    MessageRow{AuthMessage::kSuccess2, kDhchap, 0x04, "Success2"},
    MessageRow{AuthMessage::kFailure2, kCommon, 0xF0, "Failure2"},
    MessageRow{AuthMessage::kFailure1, kCommon, 0xF1, "Failure1"},
};

struct HashRow {
    HashId id;
    uint32_t bytes;
    std::string_view name;
};
constexpr std::array kHashRows = {
    HashRow{HashId::kSha256, 32, "sha256"},
    HashRow{HashId::kSha384, 48, "sha384"},
    HashRow{HashId::kSha512, 64, "sha512"},
};

struct GroupRow {
    DhGroup id;
    uint32_t bytes;
    std::string_view name;
};
constexpr std::array kGroupRows = {
    GroupRow{DhGroup::kNull, 0, "null"},
    GroupRow{DhGroup::kFfdhe2048, 256, "ffdhe2048"},
    GroupRow{DhGroup::kFfdhe3072, 384, "ffdhe3072"},
    GroupRow{DhGroup::kFfdhe4096, 512, "ffdhe4096"},
    GroupRow{DhGroup::kFfdhe6144, 768, "ffdhe6144"},
    GroupRow{DhGroup::kFfdhe8192, 1024, "ffdhe8192"},
};

template <class Rows, class Predicate>
auto find_row(const Rows& rows, Predicate predicate) {
    const auto row = std::find_if(rows.begin(), rows.end(), predicate);
    return row == rows.end() ? nullptr : &*row;
}

template <class Row>
auto id_of(const Row* row) {
    return row == nullptr ? std::nullopt : std::optional(row->id);
}

const MessageRow& row_of(AuthMessage message) {
    const auto* row = find_row(kMessages, [&](const auto& r) { return r.message == message; });
    assert(row != nullptr);
    return *row;
}

Head head_of(AuthMessage message, uint16_t transaction) {
    const MessageRow& row = row_of(message);
    return {row.type, row.id, {}, transaction};
}

bool is_hash_size(size_t size) {
    return find_row(kHashRows, [&](const auto& r) { return r.bytes == size; }) != nullptr;
}

base::Bytes owned(base::ByteView bytes) {
    return {bytes.begin(), bytes.end()};
}

/// The fixed part of a message that begins with the right type and id.
template <class Wire>
AuthResult<Wire> take_message(base::Reader& reader, AuthMessage message) {
    const auto wire = reader.take<Wire>();
    if (!wire) {
        return AuthFailure::kIncorrectPayload;
    }
    const MessageRow& row = row_of(message);
    if (wire->head.auth_type != row.type || wire->head.auth_id != row.id) {
        return AuthFailure::kIncorrectMessage;
    }
    return *wire;
}

}  // namespace

std::string_view name(HashId hash) {
    const auto* row = find_row(kHashRows, [&](const auto& r) { return r.id == hash; });
    return row == nullptr ? std::string_view() : row->name;
}

std::string_view name(DhGroup group) {
    const auto* row = find_row(kGroupRows, [&](const auto& r) { return r.id == group; });
    return row == nullptr ? std::string_view() : row->name;
}

std::optional<HashId> find_hash(std::string_view name) {
    return id_of(find_row(kHashRows, [&](const auto& r) { return r.name == name; }));
}
std::optional<HashId> find_hash(uint8_t id) {
    return id_of(
        find_row(kHashRows, [&](const auto& r) { return static_cast<uint8_t>(r.id) == id; }));
}
std::optional<DhGroup> find_dh_group(std::string_view name) {
    return id_of(find_row(kGroupRows, [&](const auto& r) { return r.name == name; }));
}
std::optional<DhGroup> find_dh_group(uint8_t id) {
    return id_of(
        find_row(kGroupRows, [&](const auto& r) { return static_cast<uint8_t>(r.id) == id; }));
}

uint32_t hash_bytes(HashId hash) {
    const auto* row = find_row(kHashRows, [&](const auto& r) { return r.id == hash; });
    return row == nullptr ? 0 : row->bytes;
}
uint32_t dh_bytes(DhGroup group) {
    const auto* row = find_row(kGroupRows, [&](const auto& r) { return r.id == group; });
    return row == nullptr ? 0 : row->bytes;
}

std::string_view name(AuthFailure failure) {
    switch (failure) {
        case AuthFailure::kFailed:
            return "authentication failed";
        case AuthFailure::kProtocolUnusable:
            return "authentication protocol not usable";
        case AuthFailure::kSecureChannelMismatch:
            return "secure channel concatenation mismatch";
        case AuthFailure::kHashUnusable:
            return "hash function not usable";
        case AuthFailure::kGroupUnusable:
            return "Diffie-Hellman group not usable";
        case AuthFailure::kIncorrectPayload:
            return "incorrect payload";
        case AuthFailure::kIncorrectMessage:
            return "incorrect protocol message";
    }
    return "unknown reason";
}

std::string_view name(AuthMessage message) {
    return row_of(message).name;
}

std::optional<AuthMessage> auth_message(base::ByteView bytes) {
    const auto head = base::Reader(bytes).take<Head>();
    if (!head) {
        return std::nullopt;
    }
    const auto* row = find_row(kMessages, [&](const auto& r) {
        return r.type == head->auth_type && r.id == head->auth_id;
    });
    return row == nullptr ? std::nullopt : std::optional(row->message);
}

uint16_t auth_transaction(base::ByteView bytes) {
    const auto head = base::Reader(bytes).take<Head>();
    assert(head);
    return head->t_id;
}

AuthResult<AuthNegotiate> AuthNegotiate::parse(base::ByteView bytes) {
    base::Reader reader(bytes);
    TRY(const NegotiateWire wire, take_message<NegotiateWire>(reader, AuthMessage::kNegotiate));
    if (wire.napd == 0 || reader.remaining() != wire.napd * sizeof(ProtocolDescriptor)) {
        return AuthFailure::kIncorrectPayload;
    }
    while (const auto descriptor = reader.take<ProtocolDescriptor>()) {
        if (descriptor->authid != kDhchap) {
            continue;
        }
        const ProtocolDescriptor& d = *descriptor;
        if (d.halen == 0 || d.halen > kMaxIds || d.dhlen == 0 || d.dhlen > kMaxIds) {
            return AuthFailure::kIncorrectPayload;
        }
        return AuthNegotiate{wire.head.t_id,
                             wire.sc_c,
                             {d.hashes.begin(), d.hashes.begin() + d.halen},
                             {d.groups.begin(), d.groups.begin() + d.dhlen}};
    }
    return AuthFailure::kProtocolUnusable;
}

base::Bytes AuthNegotiate::serialize() const {
    assert(hashes.size() <= kMaxIds && groups.size() <= kMaxIds);
    ProtocolDescriptor descriptor;
    descriptor.authid = kDhchap;
    descriptor.halen = static_cast<uint8_t>(hashes.size());
    descriptor.dhlen = static_cast<uint8_t>(groups.size());
    std::ranges::copy(hashes, descriptor.hashes.begin());
    std::ranges::copy(groups, descriptor.groups.begin());
    base::Bytes out;
    base::Writer(out)
        .put(NegotiateWire{head_of(AuthMessage::kNegotiate, transaction), secure_channel, 1})
        .put(descriptor);
    return out;
}

AuthResult<AuthChallenge> AuthChallenge::parse(base::ByteView bytes) {
    base::Reader reader(bytes);
    TRY(const ChallengeWire wire, take_message<ChallengeWire>(reader, AuthMessage::kChallenge));
    const auto hash_id = find_hash(wire.hashid);
    if (!hash_id) {
        return AuthFailure::kHashUnusable;
    }
    const auto group_id = find_dh_group(wire.dhgid);
    if (!group_id) {
        return AuthFailure::kGroupUnusable;
    }
    const auto c1 = reader.take_bytes(wire.hl);
    const auto public_value = reader.take_bytes(wire.dhvlen);
    if (!c1 || !public_value || wire.hl != hash_bytes(*hash_id) ||
        wire.dhvlen != dh_bytes(*group_id) || wire.seqnum == 0) {
        return AuthFailure::kIncorrectPayload;
    }
    return AuthChallenge{wire.head.t_id, *hash_id,   *group_id,
                         wire.seqnum,    owned(*c1), owned(*public_value)};
}

base::Bytes AuthChallenge::serialize() const {
    ChallengeWire wire;
    wire.head = head_of(AuthMessage::kChallenge, transaction);
    wire.hl = static_cast<uint8_t>(challenge.size());
    wire.hashid = static_cast<uint8_t>(hash);
    wire.dhgid = static_cast<uint8_t>(group);
    wire.dhvlen = static_cast<uint16_t>(dh_value.size());
    wire.seqnum = sequence;
    base::Bytes out;
    base::Writer(out).put(wire).put_bytes(challenge).put_bytes(dh_value);
    return out;
}

AuthResult<AuthReply> AuthReply::parse(base::ByteView bytes) {
    base::Reader reader(bytes);
    TRY(const ReplyWire wire, take_message<ReplyWire>(reader, AuthMessage::kReply));
    const auto rval = reader.take_bytes(wire.hl);
    const auto cval = reader.take_bytes(wire.hl);
    const auto public_value = reader.take_bytes(wire.dhvlen);
    if (!rval || !cval || !public_value || reader.remaining() != 0 || !is_hash_size(wire.hl) ||
        wire.cvalid > 1 || wire.dhvlen % 4 != 0) {
        return AuthFailure::kIncorrectPayload;
    }
    AuthReply reply;
    reply.transaction = wire.head.t_id;
    reply.response = owned(*rval);
    if (wire.cvalid == 1) {
        reply.challenge = owned(*cval);
    }
    reply.sequence = wire.seqnum;
    reply.dh_value = owned(*public_value);
    return reply;
}

base::Bytes AuthReply::serialize() const {
    ReplyWire wire;
    wire.head = head_of(AuthMessage::kReply, transaction);
    wire.hl = static_cast<uint8_t>(response.size());
    wire.cvalid = challenge ? 1 : 0;
    wire.dhvlen = static_cast<uint16_t>(dh_value.size());
    wire.seqnum = sequence;
    base::Bytes out;
    base::Writer(out)
        .put(wire)
        .put_bytes(response)
        .put_bytes(challenge ? *challenge : base::Bytes(response.size()))
        .put_bytes(dh_value);
    return out;
}

AuthResult<AuthSuccess1> AuthSuccess1::parse(base::ByteView bytes) {
    base::Reader reader(bytes);
    TRY(const Success1Wire wire, take_message<Success1Wire>(reader, AuthMessage::kSuccess1));
    const auto rval = reader.take_bytes(wire.rvalid == 0 ? 0 : wire.hl);
    if (!rval || wire.rvalid > 1 || (wire.rvalid == 1 && !is_hash_size(wire.hl))) {
        return AuthFailure::kIncorrectPayload;
    }
    return AuthSuccess1{wire.head.t_id, wire.hl, owned(*rval)};
}

base::Bytes AuthSuccess1::serialize() const {
    Success1Wire wire;
    wire.head = head_of(AuthMessage::kSuccess1, transaction);
    wire.hl = hash_length;
    wire.rvalid = response.empty() ? 0 : 1;
    base::Bytes out;
    base::Writer(out).put(wire).put_bytes(response);
    return out;
}

AuthResult<AuthSuccess2> AuthSuccess2::parse(base::ByteView bytes) {
    base::Reader reader(bytes);
    TRY(const Success2Wire wire, take_message<Success2Wire>(reader, AuthMessage::kSuccess2));
    if (reader.remaining() != 0) {
        return AuthFailure::kIncorrectPayload;
    }
    return AuthSuccess2{wire.head.t_id};
}

base::Bytes AuthSuccess2::serialize() const {
    base::Bytes out;
    base::Writer(out).put(Success2Wire{head_of(AuthMessage::kSuccess2, transaction), {}});
    return out;
}

AuthResult<AuthFailureMessage> AuthFailureMessage::parse(base::ByteView bytes) {
    const auto kind = auth_message(bytes);
    if (kind != AuthMessage::kFailure1 && kind != AuthMessage::kFailure2) {
        return AuthFailure::kIncorrectMessage;
    }
    base::Reader reader(bytes);
    TRY(const FailureWire wire, take_message<FailureWire>(reader, *kind));
    return AuthFailureMessage{*kind, wire.head.t_id, wire.rc, wire.rce};
}

base::Bytes AuthFailureMessage::serialize() const {
    base::Bytes out;
    base::Writer(out).put(FailureWire{head_of(kind, transaction), reason, explanation});
    return out;
}

}  // namespace nvme
