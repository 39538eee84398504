// SPDX-License-Identifier: GPL-2.0-or-later
//
// The counters and reports of the layers of a protected store, each for itself, so that an error
// can be attributed to one layer:
//
//   the wire     data digests (IoCounters::digest_errors, of each connection)
//   the host     its own tuples, compared with its data as they arrive     kReceipt
//   the medium   data and tuples that were stored, compared as they leave  kAtRest, kReread
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>

#include "base/bytes.h"
#include "nvme/pi.h"

namespace target {

struct IntegrityCounters {
    uint64_t blocks_made = 0;      ///< tuples made from received data
    uint64_t blocks_checked = 0;   ///< blocks compared with their tuple on their way out
    uint64_t receipt_errors = 0;   ///< commands refused because the host's tuple did not match
    uint64_t at_rest_errors = 0;   ///< commands failed because a block did not match its tuple
    uint64_t reread_saved = 0;     ///< mismatches that were gone when read again
    uint64_t scrubbed_blocks = 0;  ///< read by the scrub, see scrub.h
    uint64_t scrub_errors = 0;     ///< of those, blocks that could not be read or did not match
    uint64_t scrub_passes = 0;
};

struct IntegrityFault {
    enum class Layer : uint8_t {
        kReceipt,  ///< what the host sent did not match itself; nothing was stored
        kAtRest,   ///< read twice, wrong twice, and not served
        kReread,   ///< the second read was good, and was served
    };

    uint64_t block = 0;
    nvme::PiField field = nvme::PiField::kGuard;
    uint64_t expected = 0;
    uint64_t found = 0;
    Layer layer = Layer::kAtRest;
};

/// `LBA 2000: guard is 1234h, 5678h expected; …`
std::string describe(const IntegrityFault& fault);

/// The format and the counters of a protected store, and the recipient of its reports.
class Integrity {
  public:
    /// @param format  blocks with their tuples in a buffer of their own
    /// @param told  hears of every fault, in the middle of the work: must not call back
    Integrity(const nvme::PiFormat& format, std::function<void(const IntegrityFault&)> told)
        : format_(format), told_(std::move(told)) {}

    [[nodiscard]] const nvme::PiFormat& format() const { return format_; }
    [[nodiscard]] IntegrityCounters& counters() { return counters_; }
    /// Counts a fault and tells it.
    void report(const IntegrityFault& fault);

    /// Blocks that leave for a host, before or behind their digest is made. For tests and drills:
    /// fault_backend.h sets what happens to them; empty: nothing.
    enum class WireStage : uint8_t { kBeforeDigest, kBehindDigest };
    struct Leaving {
        uint64_t first = 0;
        uint64_t count = 0;
        base::MutableBytes bytes;
    };
    std::function<void(WireStage stage, const Leaving& blocks)> on_the_wire;

  private:
    nvme::PiFormat format_;
    std::function<void(const IntegrityFault&)> told_;
    IntegrityCounters counters_;
};

}  // namespace target
