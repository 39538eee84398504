// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/queue/out_queue.h"

#include <algorithm>
#include <cassert>

namespace target {

size_t OutPdu::length() const {
    size_t length = 0;
    for (size_t i = 0; i < count_; ++i) {
        length += parts_[i].size();
    }
    return length;
}

void OutQueue::push(OutPdu& pdu) {
    assert(!pdu.queued_ && pdu.count_ > 0);
    pdu.queued_ = true;
    pdu.next_ = nullptr;
    if (back_ == nullptr) {
        front_ = &pdu;
    } else {
        back_->next_ = &pdu;
    }
    back_ = &pdu;
    ++size_;
    bytes_ += pdu.length();
}

size_t OutQueue::peek(std::span<base::ByteView> pieces) const {
    size_t count = 0;
    size_t skip = gone_;
    for (const OutPdu* pdu = front_; pdu != nullptr; pdu = pdu->next_) {
        for (size_t i = 0; i < pdu->count_; ++i) {
            const base::ByteView part = pdu->parts_[i];
            const size_t skipped = std::min(skip, part.size());
            skip -= skipped;
            if (skipped == part.size()) {
                continue;
            }
            if (count == pieces.size()) {
                return count;
            }
            pieces[count++] = part.subspan(skipped);
        }
    }
    return count;
}

/// Takes out the first PDU if it has gone. @return null: it has not, or there is none
OutPdu* OutQueue::pop_gone() {
    if (front_ == nullptr) {
        assert(gone_ == 0);
        return nullptr;
    }
    OutPdu& pdu = *front_;
    const size_t length = pdu.length();
    if (gone_ < length) {
        return nullptr;
    }
    gone_ -= length;
    bytes_ -= length;
    front_ = pdu.next_;
    if (front_ == nullptr) {
        back_ = nullptr;
    }
    pdu.queued_ = false;
    --size_;
    return &pdu;
}

}  // namespace target
