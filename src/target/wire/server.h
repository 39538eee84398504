// SPDX-License-Identifier: GPL-2.0-or-later
//
// The listening sockets and the connections they give. Knows addresses and limits, no protocol: a
// factory makes the session of each connection. Connections for which there is no room yet wait,
// and one address goes after the other. If there are other reactors, sessions that
// can be spread continue there once they are admitted, on the reactor with the fewest.
#pragma once

#include <functional>
#include <list>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "target/reactor/fair_order.h"
#include "target/reactor/reactor.h"
#include "target/wire/admission.h"
#include "target/wire/connection.h"
#include "target/wire/crew.h"
#include "target/wire/pace.h"
#include "target/wire/session.h"

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
/// The address of a bound socket.
base::Result<SocketAddress> local_address(int socket);

class Server final : private ConnectionOwner {
  public:
    struct Options {
        Admission::Bounds bounds{};
        /// Hears, in one sentence, of connections that could not be taken. May be empty.
        std::function<void(const std::string&)> on_trouble;
        /// Reactors in addition to the one that the server itself runs on; null: none.
        Crew* crew = nullptr;
        /// Accepted connections that have spoken and may wait for room at the same time.
        size_t waiting = 1024;
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
    /// The sockets that listen() did not take, as addresses.
    [[nodiscard]] std::vector<std::string> left_over() const;

    /// Stops listening, lets what was begun be answered (for at most `patience`), closes every
    /// connection, and then calls `stopped`. To be called once.
    void stop(base::milliseconds patience, std::function<void()> stopped);

    [[nodiscard]] size_t connection_count() const { return connections_.size(); }
    /// Their identities, and how many wait to be one.
    [[nodiscard]] const Admission& admission() const { return admission_; }
    [[nodiscard]] size_t waiting_count() const { return waiting_.size() + unspoken_.size(); }
    /// Admission::keep()
    void keep(size_t connections) { admission_.keep(connections); }
    /// How many have gone on to each reactor of the crew.
    [[nodiscard]] const std::vector<size_t>& spread() const { return spread_; }

  private:
    struct Listener {
        base::UniqueFd socket;
        std::string name;
        bool accepting = false;
    };
    /// Accepted, and not taken yet.
    struct Newcomer {
        base::UniqueFd socket;
        Endpoints endpoints;
        base::TimePoint since{};
    };

    void accept_next(Listener& listener);
    void on_accepted(Listener& listener, int result);
    void welcome(base::UniqueFd socket);
    /// @return false: it has to wait
    bool take(Newcomer& newcomer);
    void let_wait(Newcomer newcomer);
    void sort_unspoken();
    void add_connection(Newcomer newcomer);
    void end(Connection& connection);
    void look_again();
    void take_some_that_wait();
    void admitted(Connection& connection) override;
    bool paces(Connection& connection) override;
    void hurries(Connection& connection) override { pace_.forget(connection); }
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
        std::string address;
        unsigned lane = 0;  ///< where it lives
    };
    std::unordered_map<const Connection*, Member> connections_;
    std::vector<size_t> spread_;  ///< connections by lane, from 1 on
    Admission admission_;
    Pace pace_;
    std::list<Newcomer> unspoken_;  ///< that wait and have sent nothing yet, as they came
    std::unordered_map<FairOrder::Id, Newcomer> waiting_;  ///< that wait and have
    FairOrder waiting_order_;
    FairOrder::Id last_newcomer_ = 0;
    Timer retry_accept_;
    Timer stop_timer_;
    base::TimePoint stop_deadline_;
    base::TimePoint complain_again_;
    std::function<void()> stopped_;
    bool stopping_ = false;
};

}  // namespace target
