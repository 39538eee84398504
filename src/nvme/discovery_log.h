// SPDX-License-Identifier: GPL-2.0-or-later
//
// The discovery log page as a host reads it: which piece to ask for next, when it has all of one
// generation, and what its entries say. A log is a stranger's: it may be as long as its service
// likes, so each entry is looked at as it comes and the page is kept nowhere; what is kept is
// bounded, and only then when it is known to be wanted.
//
//   header ─► entries, a piece at a time ─► header again ─► the same generation: done
//     ▲                                                 └─► another one ─┐
//     └──────────────── a few times, then refused ───────────────────────┘
//
// Base Specification 2.0: 5.16.1.23 "Discovery Log Page".
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "nvme/fabrics.h"

namespace nvme {

/// An entry that may be used: reached over TCP and well formed.
struct DiscoveryRecord {
    bool referral = false;  ///< another discovery service, not a subsystem
    std::string nqn;
    std::string address;  ///< numeric by its alphabet; `v6` says of which family
    bool v6 = false;
    uint16_t port = 0;
    bool operator==(const DiscoveryRecord&) const = default;
};

/// Entries that are of no use for one reason.
struct DiscoveryLeftOut {
    std::string why;      ///< to be put behind `1 entry`
    std::string example;  ///< what the first of them has, as it came
    uint64_t count = 1;
};

/// Why the next path of a subsystem is left out that has as many as are kept.
inline constexpr std::string_view kTooManyPaths = "beyond the first 64 of its subsystem";
inline constexpr std::string_view kTooManyReferrals = "beyond the first 64 referrals";
inline constexpr std::string_view kTooManyNames = "beyond the first 16 subsystems";

/// The contents of a log, within bounds: those are met after everything else was sorted out.
struct DiscoveryLog {
    static constexpr size_t kMaxNames = 16;    ///< of subsystems that are wanted
    static constexpr size_t kMaxPaths = 64;    ///< of each, and as many referrals
    static constexpr size_t kMaxOthers = 4;    ///< names of those that are not
    static constexpr size_t kMaxReasons = 16;  ///< the last one stands for all others

    std::vector<DiscoveryRecord> records;  ///< wanted, and referrals; none twice
    /// Every entry that cannot be used, but for the service's own.
    std::vector<DiscoveryLeftOut> left_out;
    std::vector<std::string> others{};  ///< names of the first subsystems that are not wanted
    bool more_others = false;           ///< there are more of them

    void add(DiscoveryRecord record, bool wanted);
    void add(DiscoveryLeftOut entry);
    void add_other(std::string nqn);
};

/// One reading of the log, independent of the transport of its commands.
class DiscoveryReading {
  public:
    /// The size of one Get Log Page: every controller's MDTS allows it.
    static constexpr uint32_t kPieceBytes = 4096;
    static constexpr int kMaxReadings = 5;
    /// Whether a subsystem of this name is wanted.
    using Filter = std::function<bool(std::string_view nqn)>;

    struct Piece {
        uint64_t offset = 0;
        uint32_t length = 0;  ///< bytes, a multiple of 4
    };
    /// @param wanted  empty: all are
    explicit DiscoveryReading(Filter wanted = {}) : wanted_(std::move(wanted)) {}

    /// The piece to read now. REQUIRES: not done(). The caller limits the number of attempts.
    [[nodiscard]] Piece next() const;
    /// The answer to next(). Errors: too few bytes, a format or an entry's length that cannot be, a
    /// log that changed each time it was read.
    base::Status take(base::ByteView bytes);
    [[nodiscard]] bool done() const { return done_; }
    /// REQUIRES: done()
    [[nodiscard]] const DiscoveryLog& log() const { return log_; }

  private:
    base::Status take_header(const DiscoveryHeader& header);
    base::Status take_entries();
    [[nodiscard]] uint64_t entry_bytes() const;

    Filter wanted_;
    DiscoveryLog log_;
    bool begun_ = false;     ///< a header was read
    bool extended_ = false;  ///< its entries are
    uint64_t left_ = 0;      ///< entries to come
    uint64_t offset_ = 0;    ///< of the next piece
    base::Bytes pending_;    ///< the beginning of an entry
    uint64_t generation_ = 0;
    int readings_ = 0;
    bool done_ = false;
};

}  // namespace nvme
