// SPDX-License-Identifier: GPL-2.0-or-later
//
// The Error Information log of one controller: its last failed commands, the newest first. Takes no
// memory before the first of them.
//
// Base Specification 2.0: 5.16.1.2 "Error Information".
#pragma once

#include <cstdint>
#include <deque>

#include "base/bytes.h"
#include "nvme/log_pages.h"

namespace target {

class ErrorLog {
  public:
    static constexpr size_t kEntries = 64;  ///< ELPE + 1

    /// `entry` gets its number.
    void add(nvme::ErrorLogEntry entry);
    /// How many commands failed since the controller was made.
    [[nodiscard]] uint64_t count() const { return count_; }
    [[nodiscard]] base::Bytes page() const;

  private:
    std::deque<nvme::ErrorLogEntry> entries_;
    uint64_t count_ = 0;
};

}  // namespace target
