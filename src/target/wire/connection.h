// SPDX-License-Identifier: GPL-2.0-or-later
//
// One accepted socket and the session that speaks on it: bytes from the socket go in, the session's
// output goes out, its deadlines become timers. The only file that receives and sends.
//
//     socket ──► session.receive()          one receive is always posted while wants_input()
//     socket ◄── session.output()           one send at a time, of all that is there
//
// Commands that completed during a turn of the reactor are answered at its end, by one send. Of a
// peer that has proved nothing the owner says when that is (pace.h), and its buffers in the kernel
// are small.
//
// A connection begins at one reactor and may continue at another. Only that one's thread runs it
// then, but control may call it in its turns (turns.h).
//
// The end comes in steps: shut down our sending side, discard what still comes for a moment (a
// close with unread bytes would reset the connection, and the peer could lose our last PDU), wait
// until no operation is left on the socket, tell the owner.
#pragma once

#include <sys/uio.h>

#include <array>
#include <memory>
#include <optional>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/fd.h"
#include "target/reactor/reactor.h"
#include "target/wire/session.h"

namespace target {

class Connection;

class ConnectionOwner {
  public:
    virtual ~ConnectionOwner() = default;
    /// The peer has shown that it may be here. Called once at most, by the reactor where it began.
    virtual void admitted(Connection& connection) = 0;
    /// Something is to be done for a peer that has proved nothing.
    /// @return false: now; true: go_on() will be called
    virtual bool paces(Connection& /*connection*/) { return false; }
    /// A connection that waits for go_on() does not any more.
    virtual void hurries(Connection& /*connection*/) {}
    /// Called once, as the connection's last act: it may be destroyed now, and not before. By the
    /// reactor where it is now.
    virtual void closed(Connection& connection) = 0;
};

class Connection final : public SessionOwner {
  public:
    /// Bytes for one receive that empties a socket after a full one; shared by all connections of
    /// a reactor, so that an idle connection holds only a small buffer.
    static constexpr size_t kScratchBytes = 256U << 10U;

    /// @param scratch  kScratchBytes, outlives the connection
    Connection(Reactor& reactor, ConnectionOwner& owner, base::UniqueFd socket,
               base::MutableBytes scratch);
    ~Connection() override;
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    /// The place where a connection may continue: a reactor, its lane, its scratch memory.
    struct Home {
        Reactor& reactor;
        Lane& lane;
        base::MutableBytes scratch;
    };
    /// As Session::spreads().
    [[nodiscard]] bool spreads() const { return session_->spreads(); }
    /// Continues there as soon as nothing is in progress. REQUIRES: spreads()
    void move_to(const Home& home) { next_home_.emplace(home); }

    /// Makes the session and begins. To be called once.
    void open(SessionFactory& factory, Endpoints endpoints);
    /// Takes no further commands; what was begun is answered, what waits for others ended.
    void stop_receiving();
    /// As Session::standing(). REQUIRES: open() was called.
    [[nodiscard]] Standing standing() const { return session_->standing(); }
    /// Nothing waits to be sent.
    [[nodiscard]] bool quiet() const;
    /// Ends the connection after the output that is there.
    void close();
    /// Ends the connection at once.
    void abort();

    void ready() override { schedule(); }
    /// After ConnectionOwner::paces().
    void go_on();

    /// Input of a peer that has proved nothing that is taken at a time.
    static constexpr size_t kPacedBytes = 2U << 10U;
    /// Buffers of the kernel, each way, for one that only asks what there is; the kernel doubles
    /// it.
    static constexpr int kVisitorBuffer = 64 << 10U;

  private:
    enum class State {
        kOpen,       ///< both directions run
        kLingering,  ///< our last byte has gone: discards input until the peer closes
        kEnding,     ///< the socket is shut down: waits for its operations to end
        kClosed,     ///< the owner was told
    };

    void schedule();
    void pump();
    void send_output();
    void receive_more();
    void change_home();
    void on_received(int result);
    void take_received();
    void drain_socket();
    void on_sent(int result);
    void take_sent();
    void look_at_standing();
    void on_timer();
    void arm_timer();
    void linger();
    void end();
    void finish_ending();

    static constexpr size_t kInputBytes = 8U << 10U;
    static constexpr size_t kMaxParts = 128;

    Reactor* reactor_;
    ConnectionOwner& owner_;
    base::UniqueFd socket_;
    base::MutableBytes scratch_;
    std::optional<Home> next_home_;
    std::unique_ptr<Session> session_;
    Timer timer_;
    base::TimePoint send_deadline_;
    State state_ = State::kOpen;
    bool scheduled_ = false;
    bool receiving_ = false;  ///< an operation holds input_
    bool sending_ = false;    ///< an operation holds parts_ and the session's output
    bool stopped_ = false;
    bool close_asked_ = false;
    bool admitted_ = false;          ///< the owner was told
    bool paced_ = true;              ///< as Standing::is_paced()
    bool in_line_ = false;           ///< waits for go_on()
    std::optional<int> received_{};  ///< how the receive ended that is to be looked at
    std::optional<int> sent_{};      ///< likewise
    std::array<iovec, kMaxParts> parts_{};
    std::array<std::byte, kInputBytes> input_;  ///< written before it is read
};

}  // namespace target
