// SPDX-License-Identifier: GPL-2.0-or-later
//
// Bytes of a TCP stream to whole, checked PDUs. A pure state machine that copies each byte once: of
// the head into its own buffer, of the data to the place that the sink names.
//
//   | 8 bytes | rest of header, digest, padding | data ............ | data digest |
//        '- check_header       '- sink.on_header -> destination           '- sink.on_pdu
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "base/result.h"
#include "nvme/tcp_pdu.h"

namespace nvme {

/// The receiver of PDUs.
class PduSink {
  public:
    /// A PDU's first 8 bytes are here. @return what is to be expected of it.
    virtual ReceiveRules rules(PduType type) const = 0;

    /// A PDU's header is here and its header digest is right.
    /// @param header  HLEN bytes, valid until on_pdu() returns
    /// @return where the data goes, of exactly layout.data_length bytes; empty without data.
    virtual base::Result<base::MutableBytes, PduError> on_header(base::ByteView header,
                                                                 const PduLayout& layout) = 0;

    /// The PDU announced last is here with all its data.
    /// @param intact  false: the data digest is wrong
    virtual base::Result<base::Nothing, PduError> on_pdu(bool intact) = 0;

  protected:
    ~PduSink() = default;
};

class PduReader {
  public:
    /// Takes all of `bytes`, or fails at the first PDU that must not be; then the reader is not
    /// used again.
    base::Result<base::Nothing, PduError> receive(base::ByteView bytes, PduSink& sink);

    /// The received part of the header of the current PDU, for a TermReq to quote.
    [[nodiscard]] base::ByteView header() const;

  private:
    enum class State : uint8_t {
        kCommonHeader,  ///< the first 8 bytes
        kHead,          ///< everything before the data
        kData,
        kDataDigest,
    };

    /// Takes from the front of `bytes` until the buffer holds `size` bytes. @return true: it does.
    bool fill_head(base::ByteView& bytes, size_t size);
    base::Result<base::Nothing, PduError> step(base::ByteView& bytes, PduSink& sink);
    base::Result<base::Nothing, PduError> begin(const PduSink& sink);
    base::Result<base::Nothing, PduError> head_complete(PduSink& sink);
    base::Result<base::Nothing, PduError> take_data(base::ByteView& bytes, PduSink& sink);
    base::Result<base::Nothing, PduError> finish(bool intact, PduSink& sink);

    State state_ = State::kCommonHeader;
    std::array<std::byte, 256> head_{};  ///< PDO is one byte, so no head is longer
    size_t head_size_ = 0;
    size_t head_wanted_ = kCommonHeaderBytes;
    PduLayout layout_;
    base::MutableBytes destination_;  ///< what is still to be filled
    uint32_t crc_ = 0;                ///< of the data so far
    std::array<std::byte, kDigestBytes> digest_{};
    size_t digest_size_ = 0;
};

}  // namespace nvme
