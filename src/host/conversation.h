// SPDX-License-Identifier: GPL-2.0-or-later
//
// One talk with a target over one connection, bytes in and out. The owner has the socket and the
// deadline, and closes the socket once the conversation has ended.
#pragma once

#include "base/bytes.h"

namespace host {

class Conversation {
  public:
    virtual ~Conversation() = default;
    /// Bytes to send now; each call hands out bytes once.
    virtual base::Bytes take_output() = 0;
    virtual void receive(base::ByteView bytes) = 0;
    /// The target closed or reset the connection.
    virtual void closed() = 0;
    /// The caller's deadline has passed.
    virtual void timed_out() = 0;
    [[nodiscard]] virtual bool ended() const = 0;
};

}  // namespace host
