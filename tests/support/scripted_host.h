// SPDX-License-Identifier: GPL-2.0-or-later
//
// A host for tests of a target: runs one command at a time against a peer, or says something no
// host may say and shows what came back.
//
//   SessionPeer peer(session, clock);  ScriptedHost host(peer);
//   host.handshake();  host.connect(options);  host.enable();
//   host.run(host::read(1, {0, 8}))->data
#pragma once

#include <functional>
#include <optional>

#include "base/bytes.h"
#include "base/clock.h"
#include "host/queue.h"
#include "support/dhchap_host.h"
#include "target/wire/session.h"

namespace support {

/// The other end of a queue: takes bytes, gives back what they caused.
class Peer {
  public:
    virtual ~Peer() = default;
    virtual base::Bytes exchange(base::ByteView bytes) = 0;
    /// The peer has ended the connection.
    [[nodiscard]] virtual bool closed() const = 0;
};

/// A session of our target as a peer, without a socket.
class SessionPeer : public Peer {
  public:
    /// @param now  the time a call happens at.
    /// @param settle  lets asynchronous work of the target finish, such as a backend's completions.
    SessionPeer(
        target::Session& session, std::function<base::TimePoint()> now,
        std::function<void()> settle = [] {});
    base::Bytes exchange(base::ByteView bytes) override;
    [[nodiscard]] bool closed() const override { return session_.wants_close(); }

  private:
    void drain(base::Bytes& out);

    target::Session& session_;
    std::function<base::TimePoint()> now_;
    std::function<void()> settle_;
};

class ScriptedHost {
  public:
    explicit ScriptedHost(Peer& peer, const host::QueueOptions& options = {});

    [[nodiscard]] host::Queue& queue() { return queue_; }
    /// All bytes that ever came, for tests that look at PDUs.
    [[nodiscard]] const base::Bytes& received() const { return received_; }

    /// ICReq and its answer. @return whether the queue is open.
    bool handshake();
    /// Carries bytes both ways until nothing moves any more.
    void pump();
    /// Submits and pumps. @return nothing when the command has not ended.
    std::optional<host::Completion> run(host::Command command);
    /// Sends bytes as they are. @return what came back at once.
    base::Bytes send(base::ByteView bytes);

    std::optional<host::Completion> connect(const host::ConnectOptions& options);
    /// CC.EN with the usual sizes. @return whether CSTS.RDY came.
    bool enable();
    /// Runs a whole authentication. @return the completion that ended it: the last one when all
    /// went well, the first that failed else.
    std::optional<host::Completion> authenticate(DhchapHost& dhchap);

  private:
    Peer& peer_;
    host::Queue queue_;
    base::Bytes received_;
};

}  // namespace support
