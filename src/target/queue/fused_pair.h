// SPDX-License-Identifier: GPL-2.0-or-later
//
// Fused commands: a Compare and the Write that follows it, done as one or not at all. Both halves
// are checked as any command; the first then waits for the second, and the pair is executed when
// the data of both is here.
//
// Base Specification 2.0: 3.4.2 "Fused Operations"; NVM Command Set Specification 1.0: "Compare and
// Write".
#pragma once

#include "nvme/types.h"
#include "target/queue/request.h"

namespace target {

class FusedPair {
  public:
    /// A command has come. Whether it came right after a first half: it may be the second, and goes
    /// the same way.
    bool follows_first(const Request& request);

    /// Judges the fused bits of a command that was found good, and pairs the halves.
    /// @param mismatched  set to the first half if the second does not match it: no second comes
    ///                    any more, and the first ends with the same status
    nvme::Status join(Request& request, bool is_admin, Request*& mismatched);
    /// The first half of a pair whose second has not come; null: there is none.
    [[nodiscard]] Request* first() const { return first_; }
    Request* take_first() { return std::exchange(first_, nullptr); }
    /// The verdict on a command: a first half that was refused takes its second along.
    void judged(const Request& request, nvme::Status verdict);
    /// A command ends. If it is a first half, its second will fail.
    void drop(const Request& request);
    /// The halves of a pair end, or run, each by itself from now on.
    static void part(Request& request);

  private:
    Request* first_ = nullptr;
    bool failed_ = false;       ///< the command before was a first half and has ended
    bool came_before_ = false;  ///< the command before was a first half
};

}  // namespace target
