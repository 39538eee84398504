// SPDX-License-Identifier: GPL-2.0-or-later
//
// PDUs on their way out, in order. An OutPdu is a link with views; its owner embeds it next to the
// bytes that it points to, so that sending allocates and copies nothing.
#pragma once

#include <array>
#include <cstdint>

#include "base/bytes.h"

namespace target {

class Request;

class OutPdu {
  public:
    /// @param request  that it belongs to; null: none
    explicit OutPdu(Request* request = nullptr) : request_(request) {}
    OutPdu(const OutPdu&) = delete;
    OutPdu& operator=(const OutPdu&) = delete;

    /// At most four pieces: head, data, digest, and the response that follows the data.
    static constexpr size_t kParts = 4;

    void add(base::ByteView part) { parts_[count_++] = part; }
    void clear() { count_ = 0; }
    [[nodiscard]] bool queued() const { return queued_; }
    /// Bytes of all its parts.
    [[nodiscard]] size_t length() const;

    [[nodiscard]] Request* request() const { return request_; }

  private:
    friend class OutQueue;
    Request* const request_;
    std::array<base::ByteView, kParts> parts_{};
    uint8_t count_ = 0;
    bool queued_ = false;
    OutPdu* next_ = nullptr;
};

class OutQueue {
  public:
    [[nodiscard]] bool empty() const { return front_ == nullptr; }
    /// PDUs that have not gone yet.
    [[nodiscard]] size_t size() const { return size_; }
    /// Of those PDUs.
    [[nodiscard]] size_t bytes() const { return bytes_; }

    /// REQUIRES: the PDU is not queued and has a part that is not empty.
    void push(OutPdu& pdu);
    /// The first bytes in order. @return pieces filled.
    [[nodiscard]] size_t peek(std::span<base::ByteView> pieces) const;
    /// The first `bytes` bytes have gone. Calls `on_gone` for each PDU whose last byte is among
    /// them: what is behind its views may be reused.
    template <class OnGone>
    void sent(size_t bytes, OnGone on_gone) {
        gone_ += bytes;
        while (OutPdu* pdu = pop_gone()) {
            on_gone(*pdu);
        }
    }

  private:
    OutPdu* pop_gone();

    OutPdu* front_ = nullptr;
    OutPdu* back_ = nullptr;
    size_t size_ = 0;
    size_t bytes_ = 0;
    size_t gone_ = 0;  ///< bytes of the first PDU that have gone
};

}  // namespace target
