// SPDX-License-Identifier: GPL-2.0-or-later
//
// One TCP connection, which in NVMe/TCP is one queue pair: bytes in, bytes out, no socket. The
// connection that owns the socket calls receive() with what came, writes what output() shows, says
// how much went with sent(), and closes when wants_close() and the output is empty.
//
// Lifetime. The Target outlives its queues. A Queue may be destroyed at any time outside its own
// calls and those of its owner's queue_ready(); destroying it is how a closed connection is
// reported. Requests still in a backend then live on by themselves and vanish when done.
// Views given by output() are valid until sent() has covered them or the Queue is destroyed: an
// asynchronous send must be over before the Queue goes.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "base/bytes.h"
#include "base/clock.h"

namespace target {

class Target;

/// Where a connection runs. Addresses are numeric, without brackets or port.
struct Endpoints {
    std::string local_address;  ///< what the host connected to, even when listening on a wildcard
    uint16_t local_port = 0;
    std::string peer;  ///< `address:port` or `[address]:port`, for the log
};

class QueueOwner {
  public:
    virtual ~QueueOwner() = default;
    /// There is output, wants_close() became true, wants_input() became true again, or the next
    /// deadline came nearer. Called from inside any call into the core, of this queue or of
    /// another, and from a backend's completion: only note it, do not call back and destroy
    /// nothing.
    virtual void queue_ready() = 0;
};

class Queue {
  public:
    Queue(Target& target, QueueOwner& owner, Endpoints endpoints, base::TimePoint now);
    Queue(const Queue&) = delete;
    Queue& operator=(const Queue&) = delete;
    ~Queue();

    /// Takes all of `bytes`; nothing of them is kept by reference. Ignored once wants_close().
    void receive(base::ByteView bytes, base::TimePoint now);
    /// False while the peer has more work with us than it is entitled to (it does not read its
    /// answers): stop reading from the socket until queue_ready().
    [[nodiscard]] bool wants_input() const;

    /// The bytes to write, in order, as at most segments.size() pieces.
    /// @return how many pieces were filled; 0 means there is nothing to write.
    size_t output(std::span<base::ByteView> segments) const;
    /// The first `bytes` bytes of the output have gone.
    void sent(size_t bytes);

    /// This end wants the connection closed once the output is empty. Never becomes false again.
    [[nodiscard]] bool wants_close() const;

    /// When on_timer() wants to be called; an early call does no harm. The value comes nearer only
    /// inside the constructor, receive() and on_timer(), or with a queue_ready().
    [[nodiscard]] std::optional<base::TimePoint> next_deadline() const;
    void on_timer(base::TimePoint now);
};

}  // namespace target
