// SPDX-License-Identifier: GPL-2.0-or-later
//
// PDUs on their way out, in order. An OutPdu is a link with views; its owner embeds it next to the
// bytes that it points to, so that sending allocates and copies nothing.
#pragma once

#include <array>
#include <cstdint>

#include "base/bytes.h"

namespace target {

class OutPdu {
  public:
    /// At most four pieces: head, data, digest, and the response that follows the data.
    static constexpr size_t kParts = 4;

    /// All bytes have gone: what is behind the views may be reused.
    virtual void on_sent() = 0;

    void add(base::ByteView part) { parts_[count_++] = part; }
    void clear() { count_ = 0; }
    [[nodiscard]] bool queued() const { return queued_; }
    /// Bytes of all its parts.
    [[nodiscard]] size_t length() const;

  protected:
    ~OutPdu() = default;

  private:
    friend class OutQueue;
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
    /// The first `bytes` bytes have gone.
    void sent(size_t bytes);

  private:
    void pop();

    OutPdu* front_ = nullptr;
    OutPdu* back_ = nullptr;
    size_t size_ = 0;
    size_t bytes_ = 0;
    size_t gone_ = 0;  ///< bytes of the first PDU that have gone
};

}  // namespace target
