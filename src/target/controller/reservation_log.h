// SPDX-License-Identifier: GPL-2.0-or-later
//
// The Reservation Notification log of one controller, and which notices its host does not want.
//
// Base Specification 2.0: 5.16.1.20 "Reservation Notification".
#pragma once

#include <cstdint>
#include <deque>
#include <map>

#include "target/controller/reservations.h"

namespace target {

class ReservationLog {
  public:
    struct Record {
        uint64_t count = 0;  ///< lines so far
        uint32_t nsid = 0;
        ReservationNotice what{};
    };

    /// Oldest first; the log shows the first one, and reading it removes it.
    [[nodiscard]] const std::deque<Record>& records() const { return records_; }
    void add(uint32_t nsid, ReservationNotice what) {
        if (records_.size() == kMost) {
            records_.pop_front();  // LPC tells the host that it missed one
        }
        records_.push_back({++count_, nsid, what});
    }
    /// The host has read the first one. @return whether there are more
    bool remove_first() {
        if (!records_.empty()) {
            records_.pop_front();
        }
        return !records_.empty();
    }

    /// Bit n: notices of that number about the namespace are not wanted.
    [[nodiscard]] uint32_t mask(uint32_t nsid) const {
        const auto found = masks_.find(nsid);
        return found == masks_.end() ? 0 : found->second;
    }
    [[nodiscard]] bool wants(uint32_t nsid, ReservationNotice what) const {
        return (mask(nsid) >> static_cast<unsigned>(what) & 1U) == 0;
    }
    void set_mask(uint32_t nsid, uint32_t mask) { masks_[nsid] = mask; }

    /// Forgets records and masks; lines are counted on.
    void reset() {
        records_.clear();
        masks_.clear();
    }

  private:
    static constexpr size_t kMost = 255;  ///< what the log can count

    std::deque<Record> records_;
    uint64_t count_ = 0;
    std::map<uint32_t, uint32_t> masks_;  ///< by NSID
};

}  // namespace target
