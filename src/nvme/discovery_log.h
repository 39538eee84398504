// SPDX-License-Identifier: GPL-2.0-or-later
//
// The discovery log page as a host reads it: which piece to ask for next, when it has all of one
// generation, and what its entries say. A log is a stranger's: everything is bounded and checked
// before it may become a path.
//
//   header ─► entries, a piece at a time ─► header again ─► the same generation: done
//     ▲                                                 └─► another one ─┐
//     └──────────────── a few times, then refused ───────────────────────┘
//
// Base Specification 2.0: 5.16.1.23 "Discovery Log Page".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "nvme/fabrics.h"

namespace nvme {

/// More than any service lists for one host.
inline constexpr uint64_t kMaxDiscoveryEntries = 1024;
/// With entries that are longer than the usual ones.
inline constexpr size_t kMaxDiscoveryBytes = 2U << 20U;

/// One reading of the log, whoever carries the commands.
class DiscoveryReading {
  public:
    /// What one Get Log Page moves: what every controller's MDTS allows.
    static constexpr uint32_t kPieceBytes = 4096;
    static constexpr int kMaxReadings = 5;

    struct Piece {
        uint64_t offset = 0;
        uint32_t length = 0;  ///< bytes, a multiple of 4
    };
    /// What to read now. REQUIRES: not done()
    [[nodiscard]] Piece next() const;
    /// The answer to next(). Errors: too few bytes, a format or a size that is refused, a log that
    /// changed each time it was read.
    base::Status take(base::ByteView bytes);
    [[nodiscard]] bool done() const { return done_; }
    /// Header and entries of one generation. REQUIRES: done()
    [[nodiscard]] base::ByteView page() const { return page_; }

  private:
    base::Status take_header(const DiscoveryHeader& header);

    base::Bytes page_;       ///< so far; empty: the header is wanted
    size_t page_bytes_ = 0;  ///< of the whole page
    uint64_t generation_ = 0;
    int readings_ = 0;
    bool done_ = false;
};

/// An entry that may be used: reached over TCP and well formed.
struct DiscoveryRecord {
    bool referral = false;  ///< another discovery service, not a subsystem
    std::string nqn;
    std::string address;  ///< numeric by its alphabet; `v6` says of which family
    bool v6 = false;
    uint16_t port = 0;
    bool operator==(const DiscoveryRecord&) const = default;
};

struct DiscoveryRecords {
    std::vector<DiscoveryRecord> records;
    /// Why each other entry is left out, but for the service's own: `entry 3: …`.
    std::vector<std::string> left_out;
};

/// @param page  as DiscoveryReading gives it
/// Errors: a page of another format or size than its header says.
base::Result<DiscoveryRecords> parse_discovery_log(base::ByteView page);

}  // namespace nvme
