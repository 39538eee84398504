// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/wire/server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/text.h"

namespace target {
namespace {

/// The system has a bound of its own (net.core.somaxconn).
constexpr int kBacklog = 4096;
/// Out of descriptors or memory: try again when some may be free.
constexpr base::seconds kAcceptRetry{1};
/// No room for a stranger: how soon one may be found that has stood still for too long.
constexpr base::milliseconds kAdmissionRetry{20};
/// How often a stopping server looks whether everything was answered.
constexpr base::milliseconds kQuietInterval{10};
constexpr base::seconds kComplainInterval{10};
/// Of those that wait, how many are looked at before the reactor does other things.
constexpr size_t kLooksEachTurn = 64;
/// Connections that wait and have sent nothing: a host speaks first, and at once, so that they are
/// few but for a crowd that says nothing.
constexpr size_t kUnspoken = 32;
constexpr base::milliseconds kSilence{250};

/// An address in the form of the socket calls.
union AnyAddress {
    sockaddr base;
    sockaddr_in v4;
    sockaddr_in6 v6;
};

base::Result<AnyAddress> any_address(const SocketAddress& address) {
    AnyAddress any{};
    if (inet_pton(AF_INET, address.address.c_str(), &any.v4.sin_addr) == 1) {
        any.v4.sin_family = AF_INET;
        any.v4.sin_port = htons(address.port);
        return any;
    }
    any = {};
    if (inet_pton(AF_INET6, address.address.c_str(), &any.v6.sin6_addr) == 1) {
        any.v6.sin6_family = AF_INET6;
        any.v6.sin6_port = htons(address.port);
        return any;
    }
    return base::error("not a numeric IPv4 or IPv6 address");
}

socklen_t length_of(const AnyAddress& any) {
    return any.base.sa_family == AF_INET6 ? sizeof any.v6 : sizeof any.v4;
}

SocketAddress from_sockaddr(const AnyAddress& any) {
    char text[INET6_ADDRSTRLEN] = "";
    if (any.base.sa_family == AF_INET6) {
        inet_ntop(AF_INET6, &any.v6.sin6_addr, text, sizeof text);
        return {text, ntohs(any.v6.sin6_port)};
    }
    inet_ntop(AF_INET, &any.v4.sin_addr, text, sizeof text);
    return {text, ntohs(any.v4.sin_port)};
}

using NameCall = int (*)(int, sockaddr*, socklen_t*);

base::Result<SocketAddress> name_of(int socket, NameCall call) {
    AnyAddress any{};
    socklen_t length = sizeof any;
    if (call(socket, &any.base, &length) != 0) {
        return base::errno_error(errno, "ask for an address");
    }
    return from_sockaddr(any);
}

base::Status set_option(int socket, int level, int name, int value) {
    if (setsockopt(socket, level, name, &value, sizeof value) != 0) {
        return base::errno_error(errno, "set a socket option");
    }
    return base::done();
}

base::Result<base::UniqueFd> open_listener(const SocketAddress& address) {
    TRY(const AnyAddress any, any_address(address));
    base::UniqueFd listener(socket(any.base.sa_family, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP));
    if (!listener.valid()) {
        return base::errno_error(errno, "socket");
    }
    TRY_VOID(set_option(listener.get(), SOL_SOCKET, SO_REUSEADDR, 1));
    if (any.base.sa_family == AF_INET6) {
        TRY_VOID(set_option(listener.get(), IPPROTO_IPV6, IPV6_V6ONLY, 1));
    }
    if (bind(listener.get(), &any.base, length_of(any)) != 0) {
        return base::errno_error(errno, "bind");
    }
    if (listen(listener.get(), kBacklog) != 0) {
        return base::errno_error(errno, "listen");
    }
    return listener;
}

/// @return none when no socket has this address; it listens in any case
base::Result<base::UniqueFd> take_inherited(std::vector<base::UniqueFd>& sockets,
                                            const SocketAddress& address) {
    const auto found = std::ranges::find_if(sockets, [&](const base::UniqueFd& socket) {
        const auto bound = name_of(socket.get(), getsockname);
        return bound && to_text(*bound) == to_text(address);
    });
    if (found == sockets.end()) {
        return base::UniqueFd();
    }
    base::UniqueFd socket = std::move(*found);
    sockets.erase(found);
    (void)::listen(socket.get(), kBacklog);  // it listens already: this deepens the queue
    return socket;
}

/// Answers must not wait for more of them (TCP_NODELAY), and a peer that vanished without a word is
/// noticed even on a connection that has no keep-alive of its own.
base::Status tune(int socket) {
    TRY_VOID(set_option(socket, IPPROTO_TCP, TCP_NODELAY, 1));
    TRY_VOID(set_option(socket, SOL_SOCKET, SO_KEEPALIVE, 1));
    TRY_VOID(set_option(socket, IPPROTO_TCP, TCP_KEEPIDLE, 60));
    return set_option(socket, IPPROTO_TCP, TCP_KEEPINTVL, 15);
}

bool has_spoken(int socket) {
    int bytes = 0;
    return ioctl(socket, FIONREAD, &bytes) == 0 && bytes > 0;
}

base::Result<Endpoints> endpoints_of(int socket) {
    TRY(const SocketAddress local, local_address(socket));
    TRY(const SocketAddress peer, name_of(socket, getpeername));
    return Endpoints{local.address, local.port, to_text(peer), peer.address};
}

}  // namespace

std::string to_text(const SocketAddress& address) {
    const bool brackets = address.address.find(':') != std::string::npos;
    return (brackets ? "[" + address.address + "]" : address.address) + ":" +
           std::to_string(address.port);
}

base::Result<base::Bytes> to_sockaddr(const SocketAddress& address) {
    TRY(const AnyAddress any, any_address(address));
    const auto bytes = std::as_bytes(std::span(&any, 1)).first(length_of(any));
    return base::Bytes(bytes.begin(), bytes.end());
}

base::Result<SocketAddress> local_address(int socket) {
    return name_of(socket, getsockname);
}

Server::Server(Reactor& reactor, SessionFactory& factory, Options options)
    : reactor_(reactor),
      factory_(factory),
      options_(std::move(options)),
      scratch_(Connection::kScratchBytes),
      spread_(options_.crew == nullptr ? 0 : options_.crew->size()),
      admission_(options_.bounds),
      pace_(reactor),
      retry_accept_(reactor, [this] { look_again(); }),
      stop_timer_(reactor, [this] { check_quiet(); }) {}

Server::~Server() {
    for (Listener& listener : listeners_) {
        reactor_.close(std::move(listener.socket));
    }
}

base::Result<SocketAddress> Server::listen(const SocketAddress& address) {
    const std::string context = "listen on " + to_text(address);
    auto socket = take_inherited(inherited_, address);
    if (!socket->valid()) {
        socket = open_listener(address);
    }
    if (!socket) {
        return std::move(socket).error().in(context);
    }
    auto bound = local_address(socket->get());
    if (!bound) {
        return std::move(bound).error().in(context);
    }
    listeners_.push_back({std::move(socket).value(), to_text(*bound)});
    accept_next(listeners_.back());
    return bound;
}

std::vector<std::string> Server::left_over() const {
    std::vector<std::string> names;
    for (const base::UniqueFd& socket : inherited_) {
        const auto bound = name_of(socket.get(), getsockname);
        names.push_back(bound ? to_text(*bound) : "a descriptor that is not a socket");
    }
    return names;
}

void Server::accept_next(Listener& listener) {
    if (listener.accepting || stopping_ || waiting_.size() > options_.waiting) {
        return;
    }
    listener.accepting = true;
    reactor_.accept(listener.socket.get(),
                    [this, &listener](int result) { on_accepted(listener, result); });
}

void Server::on_accepted(Listener& listener, int result) {
    listener.accepting = false;
    base::UniqueFd socket(result);
    if (stopping_) {
        finish_if_empty();
        return;
    }
    if (result == -EMFILE || result == -ENFILE || result == -ENOBUFS || result == -ENOMEM) {
        complain("accept on " + listener.name + ": " + std::strerror(-result) +
                 ", trying again every second");
        retry_accept_.set(reactor_.now() + kAcceptRetry);
        return;
    }
    if (socket.valid()) {
        welcome(std::move(socket));
    }
    accept_next(listener);
}

void Server::welcome(base::UniqueFd socket) {
    auto endpoints = endpoints_of(socket.get());
    if (!endpoints || !tune(socket.get()).ok()) {
        return;  // either fails only for a peer that is gone already
    }
    Newcomer newcomer{std::move(socket), std::move(endpoints).value(), reactor_.now()};
    // Earlier connections go first, except for addresses that have more than their share.
    const bool overtakes =
        waiting_count() == 0 || admission_.has_beyond_share(newcomer.endpoints.peer_address);
    if (overtakes && take(newcomer)) {
        return;
    }
    unspoken_.push_back(std::move(newcomer));
    if (unspoken_.size() > kUnspoken) {
        sort_unspoken();
    }
    if (!retry_accept_.armed()) {
        retry_accept_.set(reactor_.now() + kAdmissionRetry);
    }
}

/// Those that have sent something by now are moved on, and of the others only the last stay.
void Server::sort_unspoken() {
    for (auto newcomer = unspoken_.begin(); newcomer != unspoken_.end();) {
        if (has_spoken(newcomer->socket.get())) {
            let_wait(std::move(*newcomer));
        } else if (newcomer->since > reactor_.now() - kSilence && unspoken_.size() <= kUnspoken) {
            ++newcomer;
            continue;
        } else {
            complain("refusing silent connections to make room for others");
        }
        newcomer = unspoken_.erase(newcomer);
    }
}

/// If too many wait, one of the address that has the most is closed. If each address has its share,
/// they wait in the kernel.
void Server::let_wait(Newcomer newcomer) {
    const std::string& address = newcomer.endpoints.peer_address;
    if (waiting_.size() >= options_.waiting) {
        if (const auto victim = waiting_order_.newest_beyond_share(address)) {
            waiting_order_.remove(*victim);
            waiting_.erase(*victim);
        } else if (waiting_order_.has_any_of(address)) {
            complain("refusing connections from " + address + ": too many are waiting");
            return;
        }
    }
    waiting_order_.add(++last_newcomer_, address);
    waiting_.emplace(last_newcomer_, std::move(newcomer));
}

bool Server::take(Newcomer& newcomer) {
    const std::string& address = newcomer.endpoints.peer_address;
    const auto decision = admission_.decide(address, reactor_.now());
    switch (decision.verdict) {
        case Admission::Verdict::kWait:
            return false;
        case Admission::Verdict::kAllTaken:
            complain(base::format("refusing connections: all %zu are in use",
                                  admission_.bounds().connections));
            return true;
        case Admission::Verdict::kAddressAtBound:
            complain(base::format("refusing connections from %s: it has %zu", address.c_str(),
                                  admission_.bounds().of_one_address));
            return true;
        case Admission::Verdict::kTake:
            break;
    }
    if (decision.victim != nullptr) {
        complain("closing silent connections to make room for others");
        end(*decision.victim);
    }
    add_connection(std::move(newcomer));
    return true;
}

void Server::end(Connection& connection) {
    admission_.remove(connection);
    connection.abort();
}

void Server::add_connection(Newcomer newcomer) {
    ConnectionOwner& self = *this;
    auto connection =
        std::make_unique<Connection>(reactor_, self, std::move(newcomer.socket), scratch_);
    Connection& added = *connection;
    const std::string& address = newcomer.endpoints.peer_address;
    connections_.emplace(&added, Member{std::move(connection), address});
    admission_.add(added, address);
    added.open(factory_, std::move(newcomer.endpoints));
}

/// There may be room now for what had to wait.
void Server::look_again() {
    if (stopping_) {
        return;
    }
    take_some_that_wait();
    for (Listener& listener : listeners_) {
        accept_next(listener);
    }
}

void Server::take_some_that_wait() {
    bool took = false;
    while (!unspoken_.empty() && waiting_.empty() && take(unspoken_.front())) {
        unspoken_.pop_front();
    }
    sort_unspoken();
    for (size_t i = 0; i < kLooksEachTurn && !waiting_.empty(); ++i) {
        const FairOrder::Id id = *waiting_order_.next();
        if (take(waiting_.at(id))) {
            took = true;
            waiting_order_.remove(id);
            waiting_.erase(id);
        }
    }
    if (waiting_count() > 0) {
        retry_accept_.set(reactor_.now() + (took ? base::milliseconds(0) : kAdmissionRetry));
    }
}

bool Server::paces(Connection& connection) {
    pace_.wait(connection, connections_.at(&connection).address);
    return true;
}

void Server::admitted(Connection& connection) {
    if (Connection* victim = admission_.admit(connection, reactor_.now())) {
        complain(
            "closing unauthenticated connections: " + std::to_string(admission_.bounds().kept) +
            " are reserved for hosts that authenticate");
        end(*victim);
        if (victim == &connection) {
            return;
        }
    }
    if (!spread_.empty() && connection.spreads()) {
        const auto fewest = std::ranges::min_element(spread_);
        ++*fewest;
        const auto lane = static_cast<unsigned>(fewest - spread_.begin() + 1);
        connections_.at(&connection).lane = lane;
        connection.move_to(options_.crew->home(lane));
    }
    room_was_made();
}

void Server::closed(Connection& connection) {
    if (!reactor_.here()) {
        reactor_.post([this, &connection] { closed(connection); });
        return;
    }
    admission_.remove(connection);
    const auto found = connections_.find(&connection);
    if (found->second.lane != 0) {
        --spread_[found->second.lane - 1];
    }
    connections_.erase(found);
    room_was_made();
    finish_if_empty();
}

void Server::room_was_made() {
    if (waiting_count() > 0) {
        retry_accept_.set(reactor_.now());
    }
}

void Server::stop(base::milliseconds patience, std::function<void()> stopped) {
    stopping_ = true;
    stopped_ = std::move(stopped);
    stop_deadline_ = reactor_.now() + patience;
    retry_accept_.clear();
    for (Listener& listener : listeners_) {
        (void)shutdown(listener.socket.get(), SHUT_RDWR);  // ends its accept
    }
    waiting_.clear();
    unspoken_.clear();
    for (const auto& [key, member] : connections_) {
        member.connection->stop_receiving();
    }
    check_quiet();
}

bool Server::is_quiet() const {
    const size_t elsewhere = options_.crew == nullptr ? 0 : options_.crew->in_flight();
    return reactor_.disk_in_flight() + elsewhere == 0 &&
           std::ranges::all_of(connections_,
                               [](const auto& entry) { return entry.second.connection->quiet(); });
}

void Server::check_quiet() {
    const bool quiet = is_quiet();
    if (!quiet && reactor_.now() < stop_deadline_) {
        stop_timer_.set(reactor_.now() + kQuietInterval);
        return;
    }
    for (const auto& [key, member] : connections_) {
        quiet ? member.connection->close() : member.connection->abort();
    }
    finish_if_empty();
}

void Server::finish_if_empty() {
    const bool accepting = std::any_of(listeners_.begin(), listeners_.end(),
                                       [](const Listener& l) { return l.accepting; });
    if (stopping_ && connections_.empty() && !accepting && stopped_) {
        reactor_.defer(std::exchange(stopped_, nullptr));
    }
}

void Server::complain(const std::string& text) {
    if (options_.on_trouble && reactor_.now() >= complain_again_) {
        complain_again_ = reactor_.now() + kComplainInterval;
        options_.on_trouble(text);
    }
}

}  // namespace target
