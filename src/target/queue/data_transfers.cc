// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/queue/data_transfers.h"

#include <algorithm>
#include <utility>

#include "nvme/tcp_pdu.h"

namespace target {
namespace {

/// In this time a host has to send so much of the data it was asked for, or all of it.
constexpr auto kTransferLimit = base::seconds(30);
constexpr uint64_t kTransferLeast = 64U << 10U;
/// Commands that were ended while their data was still to come.
constexpr size_t kMostLate = 64;

}  // namespace

void DataTransfers::start(Request& request, uint32_t part_bytes, uint32_t limit,
                          base::TimePoint now) {
    if (++count_ == 1) {
        since_ = now;
        owed_ = request.transfer;
        came_ = 0;
    }
    request.r2ts.start(request.transfer, part_bytes, limit);
}

size_t DataTransfers::ask(Request& request, const nvme::Framing& framing) {
    size_t size = 0;
    while (const auto part = request.r2ts.ask()) {
        nvme::R2t pdu;
        pdu.cccid = request.sqe.cid;
        pdu.ttag = static_cast<uint16_t>(part->number % R2tWindow::kTags * RequestPool::kSlots +
                                         request.slot);
        pdu.r2to = part->offset;
        pdu.r2tl = part->length;
        const nvme::FrameHead head = nvme::frame(pdu, framing);
        std::ranges::copy(head.bytes(), std::span(request.r2t_bytes).subspan(size).begin());
        size += head.bytes().size();
    }
    return size;
}

DataTransfers::Asked DataTransfers::find(uint16_t ttag) const {
    Request* request = requests_.at_slot(ttag % RequestPool::kSlots);
    if (request == nullptr || request->r2ts.outstanding() == 0) {
        return {};
    }
    const auto part = request->r2ts.find(static_cast<uint32_t>(ttag / RequestPool::kSlots));
    return part ? Asked{request, *part} : Asked{};
}

void DataTransfers::take(Request& request, const R2tWindow::Part& part, uint32_t bytes) {
    request.r2ts.take(part, bytes);
    came_ += bytes;
}

Request* DataTransfers::keep_late(Request& request, const Request* incoming) {
    late_.push_back(&request);
    if (late_.size() <= kMostLate) {
        return nullptr;
    }
    const auto oldest =
        std::ranges::find_if(late_, [&](const Request* late) { return late != incoming; });
    Request* const given_up = *oldest;
    late_.erase(oldest);
    return given_up;
}

void DataTransfers::expect_late(size_t bytes, base::TimePoint now) {
    if (!are_awaited()) {
        since_ = now;
        owed_ = bytes;
        came_ = 0;
    }
}

base::TimePoint DataTransfers::deadline() const {
    return since_ + kTransferLimit;
}

bool DataTransfers::move(uint64_t late_bytes, base::TimePoint now) {
    const bool enough = came_ >= std::min(owed_, kTransferLeast);
    since_ = now;
    came_ = 0;
    owed_ = late_bytes;
    for (const auto& request : requests_.all()) {
        if (request->state() == Request::State::kTransferring) {
            owed_ += request->r2ts.to_come();
        }
    }
    return enough;
}

}  // namespace target
