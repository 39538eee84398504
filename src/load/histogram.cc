// SPDX-License-Identifier: GPL-2.0-or-later
#include "load/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace load {

size_t Histogram::bucket_of(uint64_t value) {
    constexpr uint64_t kLinear = uint64_t{2} << kSubBits;  // up to here a bucket is one value
    if (value < kLinear) {
        return value;
    }
    const auto shift = static_cast<unsigned>(std::bit_width(value)) - kSubBits - 1;
    return (size_t{shift} << kSubBits) + (value >> shift);
}

uint64_t Histogram::last_of(size_t bucket) {
    if (bucket < size_t{2} << kSubBits) {
        return bucket;
    }
    const size_t shift = (bucket >> kSubBits) - 1;
    const uint64_t first = (bucket - (shift << kSubBits)) << shift;
    return first + ((uint64_t{1} << shift) - 1);
}

void Histogram::add(Duration value) {
    const auto nanoseconds = static_cast<uint64_t>(std::max<int64_t>(value.count(), 0));
    ++counts_[bucket_of(nanoseconds)];
    ++count_;
    sum_ += nanoseconds;
    max_ = std::max(max_, nanoseconds);
}

void Histogram::merge(const Histogram& other) {
    for (size_t i = 0; i < kBuckets; ++i) {
        counts_[i] += other.counts_[i];
    }
    count_ += other.count_;
    sum_ += other.sum_;
    max_ = std::max(max_, other.max_);
}

Histogram::Duration Histogram::mean() const {
    return Duration(count_ == 0 ? 0 : sum_ / count_);
}

Histogram::Duration Histogram::percentile(double percent) const {
    const double wanted = std::ceil(static_cast<double>(count_) * percent / 100);
    const auto rank = std::max<uint64_t>(static_cast<uint64_t>(wanted), 1);
    uint64_t seen = 0;
    for (size_t i = 0; i < kBuckets; ++i) {
        seen += counts_[i];
        if (seen >= rank) {
            return Duration(std::min(last_of(i), max_));
        }
    }
    return Duration(0);
}

}  // namespace load
