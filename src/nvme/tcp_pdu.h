// SPDX-License-Identifier: GPL-2.0-or-later
//
// NVMe/TCP protocol data units: what travels over the TCP connection of one queue.
//
//   0      4      8                 HLEN        PDO                        PLEN
//   | type flags hlen pdo | PLEN | body | HDGST | padding | data ... | DDGST |
//   '--------- HLEN bytes --------------'
//
// The host sends ICReq, CapsuleCmd, H2CData, H2CTermReq; the controller ICResp, CapsuleResp,
// C2HData, R2T, C2HTermReq. The header digest covers HLEN bytes, the data digest the data alone;
// both are CRC-32C. A receiver reads 8 bytes, lets check_header() judge them, and then knows how
// much to read and where the data lies; a sender fills the body and lets frame() do the rest.
//
// NVMe/TCP Transport Specification 1.0: 3.6 "NVMe/TCP PDUs", 3.3.1 "PDU Structure",
// 3.3.1.1 "Digests", 3.3.1.2 "Alignment", 3.5 "Error Handling".
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "nvme/types.h"

namespace nvme {

constexpr uint32_t kDigestBytes = 4;
constexpr uint32_t kCommonHeaderBytes = 8;
constexpr uint32_t kMaxTermReqBytes = 152;  ///< 24 of its own, 128 of the header it complains of
constexpr uint32_t kMinMaxH2cData = 4096;
constexpr uint8_t kMaxPda = 31;  ///< CPDA, HPDA: dwords, 0's based

enum class PduType : uint8_t {
    kIcReq = 0x00,
    kIcResp = 0x01,
    kH2cTermReq = 0x02,
    kC2hTermReq = 0x03,
    kCapsuleCmd = 0x04,
    kCapsuleResp = 0x05,
    kH2cData = 0x06,
    kC2hData = 0x07,
    kR2t = 0x09,
};
std::string_view name(PduType type);

/// The first 8 bytes of every PDU.
struct PduHeader {
    PduType type = PduType::kIcReq;
    uint8_t flags = 0;
    uint8_t hlen = 0;
    uint8_t pdo = 0;  ///< where the data begins; 0 without data
    le32 plen;

    static constexpr uint8_t kHeaderDigest = 1U << 0U;
    static constexpr uint8_t kDataDigest = 1U << 1U;
    static constexpr uint8_t kLastPdu = 1U << 2U;  ///< H2CData, C2HData
    static constexpr uint8_t kSuccess = 1U << 3U;  ///< C2HData: stands for a successful completion
};
static_assert(sizeof(PduHeader) == kCommonHeaderBytes);

/// DGST of ICReq and ICResp.
constexpr uint8_t kDigestHeader = 1U << 0U;
constexpr uint8_t kDigestData = 1U << 1U;

struct IcReq {
    static constexpr PduType kType = PduType::kIcReq;
    PduHeader header;
    le16 pfv;
    uint8_t hpda = 0;
    uint8_t dgst = 0;
    le32 maxr2t;  ///< R2Ts a command may have outstanding, 0's based
    Reserved<112> reserved16{};
};
static_assert(sizeof(IcReq) == 128 && offsetof(IcReq, maxr2t) == 12);

struct IcResp {
    static constexpr PduType kType = PduType::kIcResp;
    PduHeader header;
    le16 pfv;
    uint8_t cpda = 0;
    uint8_t dgst = 0;
    le32 maxh2cdata;  ///< largest data of an H2CData, bytes
    Reserved<112> reserved16{};
};
static_assert(sizeof(IcResp) == 128 && offsetof(IcResp, maxh2cdata) == 12);

/// Why a connection is given up (FES).
enum class FatalStatus : uint16_t {
    kInvalidHeaderField = 1,    ///< fei: offset of the field in the PDU
    kSequenceError = 2,         ///< a PDU that may not come now
    kHeaderDigestError = 3,     ///< fei: the digest that was received
    kDataOutOfRange = 4,        ///< fei: offset of the field
    kDataLimitExceeded = 5,     ///< also: more R2Ts than MAXR2T
    kUnsupportedParameter = 6,  ///< fei: offset of the field
};
std::string_view name(FatalStatus status);

/// The contents of a TermReq.
struct PduError {
    FatalStatus fes = FatalStatus::kInvalidHeaderField;
    uint32_t fei = 0;
    bool operator==(const PduError&) const = default;
};
/// `invalid PDU header field at byte 4`
std::string describe(PduError error);

/// H2CTermReq and C2HTermReq.
struct TermReq {
    PduHeader header;
    le16 fes;
    le32 fei;
    Reserved<10> reserved14{};
};
static_assert(sizeof(TermReq) == 24 && offsetof(TermReq, fei) == 10);

struct CapsuleCmd {
    static constexpr PduType kType = PduType::kCapsuleCmd;
    PduHeader header;
    Sqe sqe;
};
static_assert(sizeof(CapsuleCmd) == 72);

struct CapsuleResp {
    static constexpr PduType kType = PduType::kCapsuleResp;
    PduHeader header;
    Cqe cqe;
};
static_assert(sizeof(CapsuleResp) == 24);

struct H2cData {
    static constexpr PduType kType = PduType::kH2cData;
    PduHeader header;
    le16 cccid;  ///< the command this belongs to
    le16 ttag;   ///< the R2T this answers
    le32 datao;  ///< offset in the command's data
    le32 datal;
    Reserved<4> reserved20{};
};
static_assert(sizeof(H2cData) == 24 && offsetof(H2cData, datal) == 16);

struct C2hData {
    static constexpr PduType kType = PduType::kC2hData;
    PduHeader header;
    le16 cccid;
    Reserved<2> reserved10{};
    le32 datao;
    le32 datal;
    Reserved<4> reserved20{};
};
static_assert(sizeof(C2hData) == 24 && offsetof(C2hData, datal) == 16);

struct R2t {
    static constexpr PduType kType = PduType::kR2t;
    PduHeader header;
    le16 cccid;
    le16 ttag;
    le32 r2to;
    le32 r2tl;
    Reserved<4> reserved20{};
};
static_assert(sizeof(R2t) == 24 && offsetof(R2t, r2tl) == 16);

// --- receiving -----------------------------------------------------------------------------------

enum class Sender : uint8_t { kHost, kController };

/// The negotiated parameters of the connection, for the receiver.
struct ReceiveRules {
    Sender sender = Sender::kHost;  ///< the peer
    bool header_digest = false;
    bool data_digest = false;
    uint8_t pda = 0;           ///< the receiver's own CPDA or HPDA
    uint32_t max_data = 8192;  ///< data of one PDU: in-capsule limit, MAXH2CDATA or largest read
};

/// The places of the parts of one PDU.
struct PduLayout {
    uint32_t length = 0;         ///< the whole PDU
    uint32_t header_length = 0;  ///< HLEN
    uint32_t data_offset = 0;    ///< of a TermReq: of the offending header
    uint32_t data_length = 0;    ///< 0: the PDU has no data
    bool header_digest = false;
    bool data_digest = false;
};

/// Judges the first 8 bytes of a PDU before any of its length fields are trusted. PDO is not looked
/// at where PLEN says there is no data. Whether a PDU of this type may come now is the queue's to
/// judge. max_data bounds CapsuleCmd, H2CData and C2HData.
/// @return where everything lies, or what a TermReq has to say.
base::Result<PduLayout, PduError> check_header(const PduHeader& header, const ReceiveRules& rules);

/// Checks the header digest of a PDU.
/// @param pdu  at least header_length + 4 bytes.
/// @return nothing, or the Header Digest Error.
base::Result<base::Nothing, PduError> check_header_digest(base::ByteView pdu,
                                                          const PduLayout& layout);

/// The data of a whole PDU.
inline base::ByteView data_of(base::ByteView pdu, const PduLayout& layout) {
    return pdu.subspan(layout.data_offset, layout.data_length);
}

// --- sending -------------------------------------------------------------------------------------

/// The negotiated parameters of the connection, for the sender.
struct Framing {
    bool header_digest = false;
    bool data_digest = false;
    uint8_t pda = 0;  ///< the receiver's CPDA or HPDA
};

/// Everything of a PDU that goes before its data.
class FrameHead {
  public:
    [[nodiscard]] base::ByteView bytes() const { return std::span(bytes_).first(size_); }

  private:
    friend FrameHead frame_bytes(base::ByteView, const Framing&, uint32_t);
    std::array<std::byte, 256> bytes_{};  ///< PDO is one byte, so no head is longer
    size_t size_ = 0;
};

/// Fills HLEN, PDO, PLEN and the digest flags of the PDU in `pdu`, adds header digest and padding.
/// The data and, if agreed and there is data, digest(data) have to follow.
FrameHead frame_bytes(base::ByteView pdu, const Framing& framing, uint32_t data_length);

/// frame_bytes() of a PDU struct whose flags other than the digests', and whose body, are set.
/// ICReq and ICResp are framed with Framing{}: they have no digests.
template <base::WireType Pdu>
FrameHead frame(Pdu pdu, const Framing& framing, uint32_t data_length = 0) {
    pdu.header.type = Pdu::kType;
    return frame_bytes(base::bytes_of(pdu), framing, data_length);
}

/// CRC-32C in wire form.
le32 digest(base::ByteView bytes);

/// A whole PDU in one buffer, for where copying the data does not matter.
template <base::WireType Pdu>
base::Bytes whole_pdu(const Pdu& pdu, const Framing& framing, base::ByteView data = {}) {
    base::Bytes out;
    base::Writer writer(out);
    writer.put_bytes(frame(pdu, framing, static_cast<uint32_t>(data.size())).bytes());
    writer.put_bytes(data);
    if (framing.data_digest && !data.empty()) {
        writer.put(digest(data));
    }
    return out;
}

/// A whole H2CTermReq or C2HTermReq.
/// @param offending  the PDU complained of; at most 128 bytes of its header are quoted.
base::Bytes term_req(Sender from, PduError error, base::ByteView offending);

}  // namespace nvme
