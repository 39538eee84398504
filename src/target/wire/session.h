// SPDX-License-Identifier: GPL-2.0-or-later
//
// The peer of a TCP connection inside of the target: bytes in, bytes out, no socket, no clock. A
// Queue is the session that speaks NVMe/TCP; another may stand around one and change the bytes (a
// transport cipher, a test's misbehaving peer).
//
// The connection that owns the socket calls receive() with what came, writes what output() shows,
// says how much went with sent(), and when wants_close() and the output is empty it ends the
// connection: it shuts down its sending side and discards what still comes for a short while before
// close(2), because a close with unread bytes resets the connection and the peer may lose our last
// PDU.
//
// Lifetime. A Session may be destroyed at any time outside its own calls and outside
// SessionOwner::ready(); destroying it is how a closed connection is reported. Views given by
// output() are valid until sent() has covered them or the Session is destroyed: an asynchronous
// send must be over before the Session goes.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>

#include "base/bytes.h"
#include "base/clock.h"

namespace target {

class Lane;

/// The place where a connection runs. Addresses are numeric, without brackets or port.
struct Endpoints {
    std::string local_address;  ///< what the host connected to, even when listening on a wildcard
    uint16_t local_port = 0;
    std::string peer;            ///< `address:port` or `[address]:port`, for the log
    std::string peer_address{};  ///< what failed attempts and connections are counted by
};

/// How far a peer has come.
struct Standing {
    bool admitted = false;  ///< it has shown that it may be here; never goes back
    bool spoke = false;     ///< something whole has come from it
    base::TimePoint
        last_step{};      ///< when it last came nearer to being admitted, or asked something
    bool proved = false;  ///< it is admitted because it has proved who it is
    bool visits = false;  ///< it may only ask what there is, at the discovery service

    /// It is served as strangers are: a little each turn, one address after the other.
    [[nodiscard]] bool is_paced() const { return !admitted || (visits && !proved); }
};

class SessionOwner {
  public:
    virtual ~SessionOwner() = default;
    /// There is new output, wants_close() became true, wants_input() became true again, or the next
    /// deadline came nearer. Called from inside any call into the core, of this session or of
    /// another, and from a backend's completion: only note it, call nothing and destroy nothing.
    virtual void ready() = 0;
};

class Session {
  public:
    virtual ~Session() = default;

    /// Takes all of `bytes`; nothing of them is kept by reference. Ignored once wants_close().
    virtual void receive(base::ByteView bytes, base::TimePoint now) = 0;
    /// False while the peer has more work with us than it is entitled to (it does not read its
    /// answers): stop reading from the socket until ready().
    [[nodiscard]] virtual bool wants_input() const = 0;

    /// The bytes to write, in order, as at most segments.size() pieces.
    /// @return how many pieces were filled; 0 means there is nothing to write.
    [[nodiscard]] virtual size_t output(std::span<base::ByteView> segments) const = 0;
    /// The first `bytes` bytes of the output have gone.
    virtual void sent(size_t bytes) = 0;

    /// The connection is to end once the output is empty. Never becomes false again.
    [[nodiscard]] virtual bool wants_close() const = 0;

    [[nodiscard]] virtual Standing standing() const = 0;

    /// The server is about to stop: what has not begun need not.
    virtual void wind_down() {}

    /// It is admitted, and any lane may run it.
    [[nodiscard]] virtual bool spreads() const { return false; }
    /// Nothing is under way, nor waits to be sent: it may move.
    [[nodiscard]] virtual bool is_still() const { return false; }
    /// `lane` alone calls it from now on. REQUIRES: spreads(), is_still(), and that control, where
    /// it began, does this.
    virtual void move_to(Lane& /*lane*/) {}

    /// The time for the next call of on_timer(); an early call does no harm. The value comes nearer
    /// only inside the constructor, receive() and on_timer(), or with a ready().
    [[nodiscard]] virtual std::optional<base::TimePoint> next_deadline() const = 0;
    virtual void on_timer(base::TimePoint now) = 0;
};

/// Makes the session of a connection just accepted.
class SessionFactory {
  public:
    virtual ~SessionFactory() = default;
    virtual std::unique_ptr<Session> make(SessionOwner& owner, Endpoints endpoints,
                                          base::TimePoint now) = 0;
};

}  // namespace target
