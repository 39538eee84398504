// SPDX-License-Identifier: GPL-2.0-or-later
#include "nvme/tcp_pdu.h"

#include <algorithm>
#include <cassert>

#include "base/text.h"
#include "nvme/crc.h"

namespace nvme {
namespace {

/// The fixed properties of one type of PDU.
struct TypeRule {
    PduType type;
    Sender sender;
    uint8_t hlen;
    bool has_digests;  ///< once agreed on
    bool may_have_data;
    std::string_view name;
};

constexpr std::array kTypeRules = {
    TypeRule{PduType::kIcReq, Sender::kHost, sizeof(IcReq), false, false, "ICReq"},
    TypeRule{PduType::kIcResp, Sender::kController, sizeof(IcResp), false, false, "ICResp"},
    TypeRule{PduType::kH2cTermReq, Sender::kHost, sizeof(TermReq), false, true, "H2CTermReq"},
    TypeRule{PduType::kC2hTermReq, Sender::kController, sizeof(TermReq), false, true, "C2HTermReq"},
    TypeRule{PduType::kCapsuleCmd, Sender::kHost, sizeof(CapsuleCmd), true, true, "CapsuleCmd"},
    TypeRule{PduType::kCapsuleResp, Sender::kController, sizeof(CapsuleResp), true, false,
             "CapsuleResp"},
    TypeRule{PduType::kH2cData, Sender::kHost, sizeof(H2cData), true, true, "H2CData"},
    TypeRule{PduType::kC2hData, Sender::kController, sizeof(C2hData), true, true, "C2HData"},
    TypeRule{PduType::kR2t, Sender::kController, sizeof(R2t), true, false, "R2T"},
};

const TypeRule* find_rule(PduType type) {
    const auto* rule = std::find_if(kTypeRules.begin(), kTypeRules.end(),
                                    [&](const TypeRule& r) { return r.type == type; });
    return rule == kTypeRules.end() ? nullptr : rule;
}

bool is_term_req(PduType type) {
    return type == PduType::kH2cTermReq || type == PduType::kC2hTermReq;
}

PduError invalid_field(size_t offset) {
    return {FatalStatus::kInvalidHeaderField, static_cast<uint32_t>(offset)};
}

constexpr uint32_t alignment_bytes(uint8_t pda) {
    return (pda + 1U) * 4U;
}

constexpr uint32_t round_up(uint32_t value, uint32_t unit) {
    return (value + unit - 1) / unit * unit;
}

/// A TermReq carries the header it complains of instead of data, and never a digest.
base::Result<PduLayout, PduError> check_term_req(const PduHeader& header) {
    if (header.plen < sizeof(TermReq) || header.plen > kMaxTermReqBytes) {
        return invalid_field(offsetof(PduHeader, plen));
    }
    return PduLayout{header.plen, header.hlen, header.hlen, header.plen - header.hlen,
                     false,       false};
}

/// PLEN says that data follows: PDO, the data digest and the size must agree.
base::Result<PduLayout, PduError> check_data(const PduHeader& header, const ReceiveRules& rules,
                                             PduLayout layout, uint32_t head) {
    if (header.pdo < head || header.pdo % alignment_bytes(rules.pda) != 0 ||
        header.pdo >= header.plen) {
        return invalid_field(offsetof(PduHeader, pdo));
    }
    layout.data_digest = rules.data_digest;
    if (((header.flags & PduHeader::kDataDigest) != 0) != rules.data_digest) {
        return invalid_field(offsetof(PduHeader, flags));
    }
    const uint32_t behind = rules.data_digest ? kDigestBytes : 0;
    if (header.plen - header.pdo <= behind) {
        return invalid_field(offsetof(PduHeader, plen));
    }
    layout.data_offset = header.pdo;
    layout.data_length = header.plen - header.pdo - behind;
    if (layout.data_length > rules.max_data) {
        return PduError{FatalStatus::kDataLimitExceeded, offsetof(PduHeader, plen)};
    }
    return layout;
}

}  // namespace

std::string_view name(PduType type) {
    const TypeRule* rule = find_rule(type);
    return rule == nullptr ? std::string_view() : rule->name;
}

std::string_view name(FatalStatus status) {
    switch (status) {
        case FatalStatus::kInvalidHeaderField:
            return "invalid PDU header field";
        case FatalStatus::kSequenceError:
            return "PDU sequence error";
        case FatalStatus::kHeaderDigestError:
            return "header digest error";
        case FatalStatus::kDataOutOfRange:
            return "data transfer out of range";
        case FatalStatus::kDataLimitExceeded:
            return "data transfer limit exceeded";
        case FatalStatus::kUnsupportedParameter:
            return "unsupported parameter";
    }
    return "unknown fatal error";
}

std::string describe(PduError error) {
    const std::string text(name(error.fes));
    switch (error.fes) {
        case FatalStatus::kHeaderDigestError:
            return base::format("%s (received %08x)", text.c_str(), error.fei);
        case FatalStatus::kInvalidHeaderField:
        case FatalStatus::kDataOutOfRange:
        case FatalStatus::kUnsupportedParameter:
            return base::format("%s at byte %u", text.c_str(), error.fei);
        case FatalStatus::kSequenceError:
        case FatalStatus::kDataLimitExceeded:
            return text;
    }
    return base::format("%s %u", text.c_str(), static_cast<unsigned>(error.fes));
}

base::Result<PduLayout, PduError> check_header(const PduHeader& header, const ReceiveRules& rules) {
    const TypeRule* rule = find_rule(header.type);
    if (rule == nullptr || rule->sender != rules.sender) {
        return invalid_field(offsetof(PduHeader, type));
    }
    if (header.hlen != rule->hlen) {
        return invalid_field(offsetof(PduHeader, hlen));
    }
    if (is_term_req(header.type)) {
        return check_term_req(header);
    }
    PduLayout layout{header.plen, header.hlen, 0, 0, rule->has_digests && rules.header_digest,
                     false};
    if (((header.flags & PduHeader::kHeaderDigest) != 0) != layout.header_digest) {
        return invalid_field(offsetof(PduHeader, flags));
    }
    const uint32_t head = header.hlen + (layout.header_digest ? kDigestBytes : 0);
    if (header.plen < head || (header.plen > head && !rule->may_have_data)) {
        return invalid_field(offsetof(PduHeader, plen));
    }
    if (header.plen == head) {
        return layout;
    }
    return check_data(header, rules, layout, head);
}

base::Result<base::Nothing, PduError> check_header_digest(base::ByteView pdu,
                                                          const PduLayout& layout) {
    if (!layout.header_digest) {
        return base::Nothing{};
    }
    base::Reader reader(pdu);
    const auto header = reader.take_bytes(layout.header_length);
    const auto received = reader.take<le32>();
    assert(header && received);
    if (crc32c(*header) != *received) {
        return PduError{FatalStatus::kHeaderDigestError, *received};
    }
    return base::Nothing{};
}

FrameHead frame_bytes(base::ByteView pdu, const Framing& framing, uint32_t data_length) {
    FrameHead head;
    std::copy(pdu.begin(), pdu.end(), head.bytes_.begin());
    head.size_ = pdu.size();

    PduHeader header = *base::Reader(pdu).take<PduHeader>();
    const uint32_t header_bytes =
        static_cast<uint32_t>(pdu.size()) + (framing.header_digest ? kDigestBytes : 0);
    const uint32_t data_offset =
        data_length == 0 ? header_bytes : round_up(header_bytes, alignment_bytes(framing.pda));
    const bool data_digest = framing.data_digest && data_length != 0;
    header.hlen = static_cast<uint8_t>(pdu.size());
    header.pdo = static_cast<uint8_t>(data_length == 0 ? 0 : data_offset);
    header.plen = data_offset + data_length + (data_digest ? kDigestBytes : 0);
    header.flags =
        static_cast<uint8_t>((header.flags & ~(PduHeader::kHeaderDigest | PduHeader::kDataDigest)) |
                             (framing.header_digest ? PduHeader::kHeaderDigest : 0) |
                             (data_digest ? PduHeader::kDataDigest : 0));
    std::ranges::copy(base::bytes_of(header), head.bytes_.begin());
    if (framing.header_digest) {
        std::ranges::copy(base::bytes_of(digest(head.bytes())),
                          head.bytes_.begin() + static_cast<std::ptrdiff_t>(pdu.size()));
    }
    head.size_ = data_offset;
    return head;
}

le32 digest(base::ByteView bytes) {
    return crc32c(bytes);
}

base::Bytes term_req(Sender from, PduError error, base::ByteView offending) {
    const base::ByteView quoted =
        offending.first(std::min<size_t>(offending.size(), kMaxTermReqBytes - sizeof(TermReq)));
    TermReq pdu;
    pdu.header.type = from == Sender::kHost ? PduType::kH2cTermReq : PduType::kC2hTermReq;
    pdu.header.hlen = sizeof(TermReq);
    pdu.header.plen = static_cast<uint32_t>(sizeof(TermReq) + quoted.size());
    pdu.fes = static_cast<uint16_t>(error.fes);
    pdu.fei = error.fei;
    base::Bytes out;
    base::Writer(out).put(pdu).put_bytes(quoted);
    return out;
}

}  // namespace nvme
