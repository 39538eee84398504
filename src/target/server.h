// SPDX-License-Identifier: GPL-2.0-or-later
//
// The listening sockets and the connections they give. Knows addresses and limits, no protocol: a
// factory makes the session of each connection. Where there are more reactors than its own,
// sessions that can be spread go on there once they are admitted, where there are the fewest.
#pragma once

#include <functional>
#include <list>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "target/admission.h"
#include "target/connection.h"
#include "target/crew.h"
#include "target/reactor.h"
#include "target/session.h"

namespace target {

/// A numeric address to listen on.
struct SocketAddress {
    std::string address;  ///< IPv4 or IPv6, without brackets; "0.0.0.0" and "::" mean every one
    uint16_t port = 0;    ///< 0: the kernel chooses
};

/// `address:port`, or `[address]:port` for IPv6.
std::string to_text(const SocketAddress& address);

/// The address in the form of the socket calls: a sockaddr_in or sockaddr_in6.
base::Result<base::Bytes> to_sockaddr(const SocketAddress& address);
/// Where a socket is bound.
base::Result<SocketAddress> local_address(int socket);

class Server final : private ConnectionOwner {
  public:
    struct Options {
        Admission::Bounds bounds{};
        /// Hears, in one sentence, of connections that could not be taken. May be empty.
        std::function<void(const std::string&)> on_trouble;
        /// Reactors beside the one that the server itself runs on; null: none.
        Crew* crew = nullptr;
    };

    Server(Reactor& reactor, SessionFactory& factory, Options options);
    /// REQUIRES: no connection is left: stop() was called and the reactor ran until it was over, or
    /// nobody ever connected.
    ~Server() override;

    /// Listens from the next turn of the reactor on. IPv6 sockets take IPv6 alone.
    /// @return the address with the port that it got
    /// Errors: not an address of this machine, in use, no permission; they name the address.
    base::Result<SocketAddress> listen(const SocketAddress& address);
    /// Sockets that somebody else bound: listen() takes the one with its address, if it is there.
    void inherit(std::vector<base::UniqueFd> sockets) { inherited_ = std::move(sockets); }
    /// What listen() took none of, as addresses.
    [[nodiscard]] std::vector<std::string> left_over() const;

    /// Stops listening, lets what was begun be answered (for at most `patience`), closes every
    /// connection, and then calls `stopped`. To be called once.
    void stop(base::milliseconds patience, std::function<void()> stopped);

    [[nodiscard]] size_t connection_count() const { return connections_.size(); }
    /// Of those, whose peers have not shown yet that they may be here.
    [[nodiscard]] size_t stranger_count() const { return admission_.strangers(); }
    /// How many have gone on to each reactor of the crew.
    [[nodiscard]] const std::vector<size_t>& spread() const { return spread_; }

  private:
    struct Listener {
        base::UniqueFd socket;
        std::string name;
        bool accepting = false;
        base::UniqueFd held{};  ///< accepted, and waits until there is room for it
    };

    void accept_next(Listener& listener);
    void on_accepted(Listener& listener, int result);
    /// @return false: it has to wait
    bool take(base::UniqueFd& socket);
    void add_connection(base::UniqueFd socket, Endpoints endpoints);
    void look_again();
    void admitted(Connection& connection) override;
    void closed(Connection& connection) override;
    void room_was_made();
    [[nodiscard]] bool is_quiet() const;
    void check_quiet();
    void finish_if_empty();
    void complain(const std::string& text);

    Reactor& reactor_;
    SessionFactory& factory_;
    Options options_;
    std::vector<std::byte> scratch_;
    std::vector<base::UniqueFd> inherited_;
    std::list<Listener> listeners_;
    struct Member {
        std::unique_ptr<Connection> connection;
        unsigned lane = 0;  ///< where it lives
    };
    std::unordered_map<const Connection*, Member> connections_;
    std::vector<size_t> spread_;  ///< connections by lane, from 1 on
    Admission admission_;
    Timer retry_accept_;
    Timer stop_timer_;
    base::TimePoint stop_deadline_;
    base::TimePoint complain_again_;
    std::function<void()> stopped_;
    bool stopping_ = false;
};

}  // namespace target
