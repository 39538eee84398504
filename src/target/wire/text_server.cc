// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/wire/text_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/fd.h"
#include "base/text.h"

namespace target {
namespace {

constexpr size_t kMaxQuestion = 4096;
constexpr size_t kMaxPeers = 64;
constexpr int kBacklog = 128;
/// For a question to come.
constexpr base::seconds kQuestionPatience{2};
/// For its answer to be taken.
constexpr base::seconds kAnswerPatience{10};
constexpr base::seconds kRetryAfter{1};

base::Result<sockaddr_un> unix_address(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.empty() || path.size() >= sizeof address.sun_path) {
        return base::error("not a path of 1 to " + std::to_string(sizeof address.sun_path - 1) +
                           " bytes");
    }
    std::ranges::copy(path, address.sun_path);
    return address;
}

/// A socket that nobody listens on any more is in the way of the next server.
base::Status remove_stale(const std::string& path, const sockaddr_un& address) {
    struct stat status {};
    if (lstat(path.c_str(), &status) != 0) {
        return base::done();
    }
    TRY_VOID(check_unix_path(path));
    const base::UniqueFd probe(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
        return base::error("another server is listening");
    }
    if (errno != ECONNREFUSED) {
        return base::errno_error(errno, "check for another server");
    }
    return unlink(path.c_str()) == 0 ? base::Status(base::done())
                                     : base::errno_error(errno, "remove the old socket");
}

base::Result<base::UniqueFd> open_unix(const std::string& path) {
    TRY(const sockaddr_un address, unix_address(path));
    TRY_VOID(remove_stale(path, address));
    base::UniqueFd listener(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!listener.valid()) {
        return base::errno_error(errno, "make a socket");
    }
    const mode_t before = umask(0117);
    const int bound =
        bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
    const int reason = errno;
    umask(before);
    if (bound != 0) {
        return base::errno_error(reason, "bind");
    }
    return listener;
}

base::Result<base::UniqueFd> open_loopback(const std::string& text) {
    const size_t colon = text.rfind(':');
    const auto port =
        base::parse_u64(text.substr(std::min(colon, text.size() - 1) + 1), UINT16_MAX);
    const std::string host = text.substr(0, colon);
    sockaddr_in v4{};
    sockaddr_in6 v6{};
    const bool is_v6 = host == "[::1]";
    if (colon == std::string::npos || !port ||
        (!is_v6 &&
         (inet_pton(AF_INET, host.c_str(), &v4.sin_addr) != 1 || !host.starts_with("127.")))) {
        return base::error("not a loopback address with a port");
    }
    v4.sin_family = AF_INET;
    v4.sin_port = htons(static_cast<uint16_t>(*port));
    v6.sin6_family = AF_INET6;
    v6.sin6_addr = in6addr_loopback;
    v6.sin6_port = v4.sin_port;
    base::UniqueFd listener(socket(is_v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!listener.valid()) {
        return base::errno_error(errno, "make a socket");
    }
    constexpr int kOn = 1;
    (void)setsockopt(listener.get(), SOL_SOCKET, SO_REUSEADDR, &kOn, sizeof kOn);  // bind tells
    const auto* address =
        is_v6 ? reinterpret_cast<const sockaddr*>(&v6) : reinterpret_cast<const sockaddr*>(&v4);
    if (bind(listener.get(), address, is_v6 ? sizeof v6 : sizeof v4) != 0) {
        return base::errno_error(errno, "bind");
    }
    return listener;
}

std::string peer_name(int socket) {
    ucred peer{};
    socklen_t size = sizeof peer;
    if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.pid != 0) {
        return "user " + std::to_string(peer.uid) + ", process " + std::to_string(peer.pid);
    }
    return "a local program";
}

}  // namespace

/// One question and its answer. Goes when nothing of it is with the reactor any more.
class TextServer::Peer {
  public:
    Peer(TextServer& server, base::UniqueFd socket)
        : server_(server),
          socket_(std::move(socket)),
          who_(peer_name(socket_.get())),
          timer_(server.reactor_, [this] { end(); }) {
        timer_.set(server_.reactor_.now() + kQuestionPatience);
    }
    ~Peer() { server_.reactor_.close(std::move(socket_)); }

    void receive() {
        server_.reactor_.receive(socket_.get(), input_,
                                 server_.alive_.guard([this](int result) { on_received(result); }));
    }
    /// It has not asked yet.
    [[nodiscard]] bool is_silent() const { return answer_.empty(); }
    /// Ends the operation that is under way.
    void end() { (void)shutdown(socket_.get(), SHUT_RDWR); }

  private:
    void on_received(int result) {
        if (result <= 0) {
            server_.forget(*this);
            return;
        }
        question_.append(reinterpret_cast<const char*>(input_.data()), static_cast<size_t>(result));
        const size_t at = question_.find(server_.end_);
        if (at != std::string::npos) {
            answer_ = server_.handler_(std::string_view(question_).substr(0, at), who_);
            timer_.set(server_.reactor_.now() + kAnswerPatience);
            send();
        } else if (question_.size() > kMaxQuestion) {
            server_.forget(*this);
        } else {
            receive();
        }
    }
    void send() {
        part_ = {answer_.data() + sent_, answer_.size() - sent_};
        server_.reactor_.send(socket_.get(), std::span(&part_, 1),
                              server_.alive_.guard([this](int result) { on_sent(result); }));
    }
    void on_sent(int result) {
        sent_ += static_cast<size_t>(std::max(result, 0));
        if (result <= 0 || sent_ == answer_.size()) {
            server_.forget(*this);
        } else {
            send();
        }
    }

    TextServer& server_;
    base::UniqueFd socket_;
    const std::string who_;
    Timer timer_;
    std::array<std::byte, 1024> input_{};
    std::string question_;
    std::string answer_;
    size_t sent_ = 0;
    iovec part_{};
};

TextServer::TextServer(Reactor& reactor, std::string end, Handler handler)
    : reactor_(reactor),
      end_(std::move(end)),
      handler_(std::move(handler)),
      retry_(reactor, [this] { accept_next(); }) {}

TextServer::~TextServer() {
    alive_.end();
    if (listener_.valid()) {
        (void)shutdown(listener_.get(), SHUT_RDWR);
        reactor_.close(std::move(listener_));
    }
    if (!path_.empty()) {
        (void)unlink(path_.c_str());  // the next server removes what is left
    }
}

base::Status TextServer::listen_unix(const std::string& path) {
    auto listener = open_unix(path);
    if (!listener) {
        return std::move(listener).error().in(path);
    }
    path_ = path;
    start(std::move(listener).value());
    return base::done();
}

base::Status TextServer::listen_loopback(const std::string& address) {
    auto listener = open_loopback(address);
    if (!listener) {
        return std::move(listener).error().in(address);
    }
    start(std::move(listener).value());
    return base::done();
}

void TextServer::start(base::UniqueFd listener) {
    listener_ = std::move(listener);
    (void)::listen(listener_.get(), kBacklog);  // cannot fail once bound
    accept_next();
}

void TextServer::accept_next() {
    if (accepting_ || stopping_) {
        return;
    }
    accepting_ = true;
    reactor_.accept(listener_.get(), alive_.guard([this](int result) { on_accepted(result); }));
}

void TextServer::on_accepted(int result) {
    accepting_ = false;
    base::UniqueFd socket(result);
    if (stopping_) {
        return;
    }
    if (!socket.valid()) {  // out of descriptors, mostly
        retry_.set(reactor_.now() + kRetryAfter);
        return;
    }
    if (peers_.size() >= kMaxPeers) {  // the oldest that has not asked, or the oldest, gives way
        const auto silent =
            std::ranges::find_if(peers_, [](const auto& peer) { return peer->is_silent(); });
        (silent == peers_.end() ? peers_.front() : *silent)->end();
    }
    peers_.push_back(std::make_unique<Peer>(*this, std::move(socket)));
    peers_.back()->receive();
    accept_next();
}

void TextServer::forget(const Peer& peer) {
    peers_.remove_if([&](const auto& each) { return each.get() == &peer; });
    if (listener_.valid()) {
        accept_next();
    }
}

void TextServer::stop() {
    stopping_ = true;
    if (listener_.valid()) {
        (void)shutdown(listener_.get(), SHUT_RDWR);
    }
    for (const auto& peer : peers_) {
        peer->end();
    }
}

base::Status check_unix_path(const std::string& path) {
    TRY_VOID(unix_address(path));
    struct stat status {};
    if (lstat(path.c_str(), &status) == 0 && !S_ISSOCK(status.st_mode)) {
        return base::error("the file is not a socket");
    }
    return base::done();
}

base::Result<std::string> ask(const std::string& path, std::string_view question,
                              base::milliseconds limit) {
    auto address = unix_address(path);
    if (!address) {
        return std::move(address).error().in(path);
    }
    const auto late = [&] {
        return base::Error{ETIMEDOUT, path + ": the server has not answered in " +
                                          std::to_string(limit.count() / 1000) + " s"};
    };
    const base::UniqueFd peer(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const timeval patience{limit.count() / 1000, limit.count() % 1000 * 1000};
    (void)setsockopt(peer.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    if (connect(peer.get(), reinterpret_cast<const sockaddr*>(&*address), sizeof *address) != 0) {
        return errno == EAGAIN ? late() : base::errno_error(errno, "connect to " + path);
    }
    TRY_VOID(base::write_all(peer.get(), std::string(question) + "\n"));
    base::SystemClock clock;
    const base::Deadline deadline(clock, limit);
    std::string answer;
    std::array<std::byte, 4096> part;
    while (true) {
        pollfd waits{peer.get(), POLLIN, 0};
        const auto left = static_cast<int>(deadline.left().count());
        if (poll(&waits, 1, left) <= 0) {
            return late();
        }
        const ssize_t count = recv(peer.get(), part.data(), part.size(), MSG_DONTWAIT);
        if (count < 0) {
            return base::errno_error(errno, "read the reply of " + path);
        }
        if (count == 0) {
            return answer;
        }
        answer += base::text_of(base::ByteView(part).first(static_cast<size_t>(count)));
    }
}

}  // namespace target
