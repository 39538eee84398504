// SPDX-License-Identifier: GPL-2.0-or-later
//
// The hosts that connected, authenticated or were refused: a file that is only appended to, mode
// 0600, a line of JSON an event. No secret and no byte of an authentication is in it. Each reload
// reopens it, so that it can be moved away before. Another thread writes it: a slow
// disk delays lines, and no host.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "target/operate/line_writer.h"
#include "target/wire/events.h"

namespace target {

class AuditLog {
  public:
    /// Errors: the file cannot be made or opened, is none, or belongs to somebody else; they name
    /// the path.
    static base::Result<AuditLog> open(const std::string& path);

    /// An event for which there is no room is left out, which the next line tells.
    /// @param wall  seconds since 1970. @param left_out  events before this one that were not told
    /// Errors: an earlier line could not be written.
    base::Status write(const Event& event, int64_t wall, uint64_t left_out);
    /// No line comes any more.
    void finish() { writer_->finish(); }
    /// All that came is written, or never will be: going takes no time.
    [[nodiscard]] bool is_finished() const { return writer_->is_finished(); }

  private:
    explicit AuditLog(std::unique_ptr<LineWriter> writer) : writer_(std::move(writer)) {}

    std::unique_ptr<LineWriter> writer_;
    uint64_t left_out_ = 0;
};

}  // namespace target
