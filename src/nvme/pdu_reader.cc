// SPDX-License-Identifier: GPL-2.0-or-later
#include "nvme/pdu_reader.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "nvme/crc.h"

namespace nvme {

using base::Nothing;
using base::Result;

namespace {

/// Moves as much as fits from the front of `bytes` to `out`. @return how much.
size_t move_front(base::ByteView& bytes, base::MutableBytes out) {
    const size_t count = std::min(bytes.size(), out.size());
    std::copy_n(bytes.begin(), count, out.begin());
    bytes = bytes.subspan(count);
    return count;
}

}  // namespace

Result<Nothing, PduError> PduReader::receive(base::ByteView bytes, PduSink& sink) {
    while (!bytes.empty()) {
        TRY_VOID(step(bytes, sink));
    }
    return Nothing{};
}

base::ByteView PduReader::header() const {
    const size_t length =
        state_ == State::kCommonHeader ? kCommonHeaderBytes : layout_.header_length;
    return std::span(head_).first(std::min(head_size_, length));
}

bool PduReader::fill_head(base::ByteView& bytes, size_t size) {
    head_size_ += move_front(bytes, std::span(head_).subspan(head_size_, size - head_size_));
    return head_size_ == size;
}

Result<Nothing, PduError> PduReader::step(base::ByteView& bytes, PduSink& sink) {
    switch (state_) {
        case State::kCommonHeader:
            return fill_head(bytes, kCommonHeaderBytes) ? begin(sink) : Nothing{};
        case State::kHead:
            return fill_head(bytes, head_wanted_) ? head_complete(sink) : Nothing{};
        case State::kData:
            return take_data(bytes, sink);
        case State::kDataDigest:
            digest_size_ += move_front(bytes, std::span(digest_).subspan(digest_size_));
            if (digest_size_ < digest_.size()) {
                return Nothing{};
            }
            return finish(std::bit_cast<le32>(digest_) == crc_, sink);
    }
    return Nothing{};
}

Result<Nothing, PduError> PduReader::begin(const PduSink& sink) {
    PduHeader header;
    std::memcpy(&header, head_.data(), sizeof header);
    TRY(layout_, check_header(header, sink.rules(header.type)));
    head_wanted_ = layout_.data_length == 0 ? layout_.length : layout_.data_offset;
    state_ = State::kHead;
    return Nothing{};
}

Result<Nothing, PduError> PduReader::head_complete(PduSink& sink) {
    const base::ByteView head = std::span(head_).first(head_size_);
    TRY_VOID(check_header_digest(head, layout_));
    TRY(destination_, sink.on_header(head.first(layout_.header_length), layout_));
    if (layout_.data_length == 0) {
        return finish(true, sink);
    }
    crc_ = 0;
    digest_size_ = 0;
    state_ = State::kData;
    return Nothing{};
}

Result<Nothing, PduError> PduReader::take_data(base::ByteView& bytes, PduSink& sink) {
    const size_t count = move_front(bytes, destination_);
    if (layout_.data_digest) {
        crc_ = crc32c(destination_.first(count), crc_);
    }
    destination_ = destination_.subspan(count);
    if (!destination_.empty()) {
        return Nothing{};
    }
    if (layout_.data_digest) {
        state_ = State::kDataDigest;
        return Nothing{};
    }
    return finish(true, sink);
}

Result<Nothing, PduError> PduReader::finish(bool intact, PduSink& sink) {
    TRY_VOID(sink.on_pdu(intact));
    state_ = State::kCommonHeader;
    head_size_ = 0;
    return Nothing{};
}

}  // namespace nvme
