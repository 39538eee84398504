// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/protection/image_walk.h"

#include <algorithm>
#include <thread>
#include <utility>

namespace target {
namespace {

/// Enough to read and to compute at once; more would only have the disk seek.
constexpr unsigned kMostThreads = 4;
/// Of a damaged image nobody reads more, and memory is bounded.
constexpr size_t kMostFaults = 4096;

bool by_block(const IntegrityFault& left, const IntegrityFault& right) {
    return left.block < right.block;
}

}  // namespace

void ImageWalk::Pace::moved(uint64_t bytes) {
    moved_ += bytes;
    if (rate_ == 0) {
        return;
    }
    const auto due = start_ + base::milliseconds(moved_ * 1000 / rate_);
    const auto early = due - clock_.now();
    if (early > base::milliseconds(5)) {
        clock_.sleep(std::chrono::ceil<base::milliseconds>(early));
    }
}

base::Status ImageWalk::run(uint64_t bytes_per_second, const Progress& progress) {
    Pace pace(bytes_per_second);
    const unsigned threads =
        bytes_per_second != 0 ? 1
                              : std::clamp(std::thread::hardware_concurrency(), 1U, kMostThreads);
    std::vector<std::thread> helpers;
    const auto share = [&] {
        if (auto worked = work(pace, progress); !worked) {
            next_ = header_.blocks;  // the others stop too
            const std::scoped_lock guard(mutex_);
            error_ = std::move(worked).error();
        }
    };
    while (helpers.size() + 1 < threads) {
        helpers.emplace_back(share);
    }
    share();
    for (std::thread& helper : helpers) {
        helper.join();
    }
    return error_ ? base::Status(*error_) : base::done();
}

/// One thread's share of the pieces.
base::Status ImageWalk::work(Pace& pace, const Progress& progress) {
    const uint64_t chunk = kImageChunkBytes / format_.block_bytes;
    base::Bytes data(kImageChunkBytes);
    base::Bytes tuples(chunk * format_.metadata_bytes);
    std::vector<IntegrityFault> faults;
    for (;;) {
        const uint64_t first = next_.fetch_add(chunk);
        if (first >= header_.blocks) {
            return base::done();
        }
        const uint64_t count = std::min(chunk, header_.blocks - first);
        const auto part = std::span(data).first(count * format_.block_bytes);
        const auto meta = std::span(tuples).first(count * format_.metadata_bytes);
        TRY_VOID(image_.read(first * format_.block_bytes, part));
        TRY_VOID(sidecar_.read(header_.tuple_offset + first * format_.metadata_bytes, meta));
        faults.clear();
        check(first, part, meta, faults);
        note(count, faults, pace, progress);
    }
}

void ImageWalk::check(uint64_t first, base::ByteView data, base::ByteView tuples,
                      std::vector<IntegrityFault>& faults) const {
    const nvme::PiChecks checks = checks_at_rest(header_);
    while (!data.empty()) {
        const auto bad = nvme::verify(format_, nvme::BlocksView::separate(format_, data, tuples),
                                      tags_at_rest(first), checks);
        if (!bad) {
            return;
        }
        faults.push_back({first + bad->block, bad->field, bad->expected, bad->found});
        const uint64_t looked_at = bad->block + 1;
        first += looked_at;
        data = data.subspan(looked_at * format_.block_bytes);
        tuples = tuples.subspan(looked_at * format_.metadata_bytes);
    }
}

void ImageWalk::note(uint64_t blocks, const std::vector<IntegrityFault>& faults, Pace& pace,
                     const Progress& progress) {
    const std::scoped_lock guard(mutex_);
    done_ += blocks;
    wrong_ += faults.size();
    faults_.insert(faults_.end(), faults.begin(), faults.end());
    if (faults_.size() > kMostFaults) {
        std::ranges::sort(faults_, by_block);
        faults_.resize(kMostFaults / 2);
    }
    pace.moved(blocks * format_.block_bytes);
    progress(done_, header_.blocks);
}

std::vector<IntegrityFault> ImageWalk::faults(size_t most) const {
    std::vector<IntegrityFault> sorted = faults_;
    std::ranges::sort(sorted, by_block);
    sorted.resize(std::min(most, sorted.size()));
    return sorted;
}

}  // namespace target
