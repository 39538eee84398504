// SPDX-License-Identifier: GPL-2.0-or-later
//
// How long things took, in a fixed amount of memory: counts in buckets whose width grows with the
// value, 64 to each power of two, so that every value is known to 1.6 % from a nanosecond to
// centuries.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>

namespace load {

class Histogram {
  public:
    using Duration = std::chrono::nanoseconds;

    /// Negative durations count as 0.
    void add(Duration value);
    void merge(const Histogram& other);

    [[nodiscard]] uint64_t count() const { return count_; }
    /// The mean of all values; 0 without any.
    [[nodiscard]] Duration mean() const;
    [[nodiscard]] Duration max() const { return Duration(max_); }
    /// The smallest value that at least `percent` of all values do not exceed, rounded up to its
    /// bucket's end but never above max(); 0 without values.
    [[nodiscard]] Duration percentile(double percent) const;

  private:
    static constexpr unsigned kSubBits = 6;
    static constexpr size_t kBuckets = (65 - kSubBits) << kSubBits;
    static size_t bucket_of(uint64_t value);
    static uint64_t last_of(size_t bucket);

    std::array<uint64_t, kBuckets> counts_{};
    uint64_t count_ = 0;
    uint64_t sum_ = 0;
    uint64_t max_ = 0;
};

}  // namespace load
