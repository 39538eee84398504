// SPDX-License-Identifier: GPL-2.0-or-later
//
// Conversations with portals over TCP sockets: many at once, non-blocking, under one deadline.
#pragma once

#include <poll.h>

#include <functional>
#include <span>
#include <string>

#include "base/clock.h"
#include "base/fd.h"
#include "boot/plan/plan.h"
#include "host/conversation.h"

namespace boot {

class Talk {
  public:
    /// Begins to connect. @param conversation  outlives this object
    Talk(const Portal& portal, host::Conversation& conversation);

    /// Why there was no connection; empty if there was one or if it may still be established.
    [[nodiscard]] const std::string& failure() const { return failure_; }
    [[nodiscard]] bool ended() const { return !failure_.empty() || conversation_->ended(); }
    [[nodiscard]] pollfd poll_entry() const;
    /// Continues as far as the socket allows.
    void advance(short events);
    /// The deadline has passed.
    void time_out();

  private:
    base::Status open(const Portal& portal);
    bool finish_connect();
    void receive();
    void send();

    host::Conversation* conversation_;
    base::UniqueFd socket_;
    bool connecting_ = true;
    base::Bytes output_;
    std::string failure_;
};

/// Runs all conversations until each has ended or the deadline passes. After the first one that
/// `is_good`, the others get `grace` to end.
void run_talks(std::span<Talk> talks, const std::function<bool(size_t index)>& is_good,
               base::milliseconds grace, base::Deadline deadline);

}  // namespace boot
