// SPDX-License-Identifier: GPL-2.0-or-later
//
// DHCP messages on an interface that has no address yet: a packet(7) socket that sends and receives
// IP packets. The kernel filters them, so that other traffic costs nothing.
#pragma once

#include <optional>

#include "base/bytes.h"
#include "base/fd.h"
#include "base/result.h"

namespace boot {

class PacketSocket {
  public:
    static base::Result<PacketSocket> open(int interface_index);

    /// Becomes readable when a message may be there.
    [[nodiscard]] int fd() const { return fd_.get(); }

    /// Broadcasts to the servers' port. Errors are ignored: the caller repeats every message.
    void broadcast(base::ByteView message) const;

    /// @return the next message to the client's port; nothing if none is left
    std::optional<base::Bytes> receive() const;

  private:
    PacketSocket(base::UniqueFd fd, int interface_index)
        : fd_(std::move(fd)), interface_index_(interface_index) {}

    base::UniqueFd fd_;
    int interface_index_;
};

}  // namespace boot
