// SPDX-License-Identifier: GPL-2.0-or-later
//
// Lines that must reach a file and must not delay their source: a thread appends them, as
// many at once as have come. It starts with the first line. Pending lines are written
// before the object is destroyed; memory is bounded, so a disk that stands still costs lines, and
// they can be counted.
#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "base/fd.h"

namespace target {

class LineWriter {
  public:
    static constexpr size_t kMostWaiting = size_t{4} << 20U;  ///< bytes

    /// @param file  open for appending
    explicit LineWriter(base::UniqueFd file) : file_(std::move(file)) {}
    LineWriter(const LineWriter&) = delete;
    LineWriter& operator=(const LineWriter&) = delete;
    /// Waits until every line is written, or one could not be.
    ~LineWriter();

    /// @return false: too much is waiting already, and the line is not kept
    bool add(std::string_view line);
    /// No line comes any more: the thread ends when it has written what there is.
    void finish();
    /// Going would not have to wait.
    [[nodiscard]] bool is_finished() const;
    /// Why nothing is written any more; none: all is well.
    [[nodiscard]] std::optional<base::Error> failure() const;

  private:
    void serve();

    const base::UniqueFd file_;
    mutable std::mutex mutex_;  ///< guards what follows, but the thread
    std::condition_variable changed_;
    std::string waiting_;
    bool finishing_ = false;
    bool ended_ = false;
    std::optional<base::Error> failure_;
    std::thread thread_;
};

}  // namespace target
