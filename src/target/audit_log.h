// SPDX-License-Identifier: GPL-2.0-or-later
//
// Who connected, who proved itself, who was refused: a file that is only ever appended to, mode
// 0600, a line of JSON an event. No secret and no byte of an authentication is in it. It is opened
// anew with each reload, so that it can be moved away before one.
#pragma once

#include <cstdint>
#include <string>

#include "base/fd.h"
#include "base/result.h"
#include "target/events.h"

namespace target {

class AuditLog {
  public:
    /// Errors: the file cannot be made or opened, is none, or belongs to somebody else; they name
    /// the path.
    static base::Result<AuditLog> open(const std::string& path);

    /// @param wall  seconds since 1970. @param left_out  events before this one that were not told
    base::Status write(const Event& event, int64_t wall, uint64_t left_out) const;

  private:
    explicit AuditLog(base::UniqueFd file) : file_(std::move(file)) {}

    base::UniqueFd file_;
};

}  // namespace target
