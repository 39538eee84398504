// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/pdu_reader.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "nvme/crc.h"

namespace target {

using base::Nothing;
using base::Result;
using nvme::PduError;

namespace {

/// Moves as much as fits from the front of `bytes` to `out`. @return how much.
size_t move_front(base::ByteView& bytes, base::MutableBytes out) {
    const size_t count = std::min(bytes.size(), out.size());
    std::copy_n(bytes.begin(), count, out.begin());
    bytes = bytes.subspan(count);
    return count;
}

}  // namespace

Result<Nothing, PduError> PduReader::receive(base::ByteView bytes) {
    while (!bytes.empty()) {
        TRY_VOID(step(bytes));
    }
    return Nothing{};
}

base::ByteView PduReader::header() const {
    const size_t length =
        state_ == State::kCommonHeader ? nvme::kCommonHeaderBytes : layout_.header_length;
    return std::span(head_).first(std::min(head_size_, length));
}

bool PduReader::fill_head(base::ByteView& bytes, size_t size) {
    head_size_ += move_front(bytes, std::span(head_).subspan(head_size_, size - head_size_));
    return head_size_ == size;
}

Result<Nothing, PduError> PduReader::step(base::ByteView& bytes) {
    switch (state_) {
        case State::kCommonHeader:
            return fill_head(bytes, nvme::kCommonHeaderBytes) ? begin() : Nothing{};
        case State::kHead:
            return fill_head(bytes, head_wanted_) ? head_complete() : Nothing{};
        case State::kData:
            return take_data(bytes);
        case State::kDataDigest:
            digest_size_ += move_front(bytes, std::span(digest_).subspan(digest_size_));
            if (digest_size_ < digest_.size()) {
                return Nothing{};
            }
            return finish(std::bit_cast<nvme::le32>(digest_) == crc_);
    }
    return Nothing{};
}

Result<Nothing, PduError> PduReader::begin() {
    nvme::PduHeader header;
    std::memcpy(&header, head_.data(), sizeof header);
    TRY(layout_, nvme::check_header(header, sink_.rules(header.type)));
    head_wanted_ = layout_.data_length == 0 ? layout_.length : layout_.data_offset;
    state_ = State::kHead;
    return Nothing{};
}

Result<Nothing, PduError> PduReader::head_complete() {
    const base::ByteView head = std::span(head_).first(head_size_);
    TRY_VOID(nvme::check_header_digest(head, layout_));
    TRY(destination_, sink_.on_header(head.first(layout_.header_length), layout_));
    if (layout_.data_length == 0) {
        return finish(true);
    }
    crc_ = 0;
    digest_size_ = 0;
    state_ = State::kData;
    return Nothing{};
}

Result<Nothing, PduError> PduReader::take_data(base::ByteView& bytes) {
    const size_t count = move_front(bytes, destination_);
    if (layout_.data_digest) {
        crc_ = nvme::crc32c(destination_.first(count), crc_);
    }
    destination_ = destination_.subspan(count);
    if (!destination_.empty()) {
        return Nothing{};
    }
    if (layout_.data_digest) {
        state_ = State::kDataDigest;
        return Nothing{};
    }
    return finish(true);
}

Result<Nothing, PduError> PduReader::finish(bool intact) {
    TRY_VOID(sink_.on_pdu(intact));
    state_ = State::kCommonHeader;
    head_size_ = 0;
    return Nothing{};
}

}  // namespace target
