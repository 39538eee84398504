// SPDX-License-Identifier: GPL-2.0-or-later
//
// A target at the other end of a TCP connection, as a Peer: what ScriptedHost says goes through
// sockets here.
#pragma once

#include <functional>

#include "base/fd.h"
#include "support/scripted_host.h"
#include "target/wire/server.h"

namespace support {

/// A blocking connection. Throws std::runtime_error when nobody listens.
/// @param source  IPv4 address to connect from; empty: the system's choice
base::UniqueFd connect_to(const target::SocketAddress& address, const std::string& source = "");

class TcpPeer final : public Peer {
  public:
    explicit TcpPeer(const target::SocketAddress& address, const std::string& source = "")
        : socket_(connect_to(address, source)) {}

    /// While `waiting` says yes, exchange() waits for an answer, for at most five seconds;
    /// otherwise it takes what is there.
    void wait_while(std::function<bool()> waiting) { waiting_ = std::move(waiting); }

    base::Bytes exchange(base::ByteView bytes) override;
    [[nodiscard]] bool closed() const override { return closed_; }
    [[nodiscard]] int fd() const { return socket_.get(); }

  private:
    base::UniqueFd socket_;
    std::function<bool()> waiting_ = [] { return false; };
    bool closed_ = false;
};

}  // namespace support
