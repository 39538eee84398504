// SPDX-License-Identifier: GPL-2.0-or-later
//
// Every block of an image compared with its tuple, as fast as the disk gives them: a few threads
// take one piece after the other, so that one reads while another one computes, and each finds the
// piece that it read still in its processor's cache.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "target/protection/integrity.h"
#include "target/protection/sidecar.h"

namespace target {

/// Hears how far a walk is, in blocks; often.
using Progress = std::function<void(uint64_t done, uint64_t total)>;

/// The size of one read of an image: small enough that the checksums find in the processor's cache
/// what read(2) put there.
inline constexpr uint64_t kImageChunkBytes = 256U << 10U;

class ImageWalk {
  public:
    /// @param image, sidecar  may be read by several threads at once
    /// @param header  of the sidecar. All are borrowed
    ImageWalk(ByteStore& image, ByteStore& sidecar, const SidecarHeader& header)
        : image_(image), sidecar_(sidecar), header_(header), format_(format_of(header)) {}

    /// @param bytes_per_second  0: as fast as it goes
    /// @param progress  is called by one thread at a time
    /// Errors: I/O
    base::Status run(uint64_t bytes_per_second, const Progress& progress);

    [[nodiscard]] uint64_t wrong() const { return wrong_; }
    /// The first ones, in their order. @param most  how many
    [[nodiscard]] std::vector<IntegrityFault> faults(size_t most) const;

  private:
    /// Sleeps to keep the walk within its rate.
    class Pace {
      public:
        explicit Pace(uint64_t bytes_per_second) : rate_(bytes_per_second), start_(clock_.now()) {}
        void moved(uint64_t bytes);

      private:
        base::SystemClock clock_;
        uint64_t rate_;
        base::TimePoint start_;
        uint64_t moved_ = 0;
    };

    base::Status work(Pace& pace, const Progress& progress);
    void note(uint64_t blocks, const std::vector<IntegrityFault>& faults, Pace& pace,
              const Progress& progress);
    void check(uint64_t first, base::ByteView data, base::ByteView tuples,
               std::vector<IntegrityFault>& faults) const;

    ByteStore& image_;
    ByteStore& sidecar_;
    const SidecarHeader& header_;
    const nvme::PiFormat format_;
    std::atomic<uint64_t> next_ = 0;  ///< block
    std::mutex mutex_;                ///< guards what follows
    uint64_t done_ = 0;               ///< blocks
    uint64_t wrong_ = 0;
    std::vector<IntegrityFault> faults_;
    std::optional<base::Error> error_;
};

}  // namespace target
