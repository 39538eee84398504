// SPDX-License-Identifier: GPL-2.0-or-later
#include "load/floor.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <deque>
#include <unordered_map>
#include <utility>

#include "base/endian.h"
#include "load/process.h"

namespace load {
namespace {

/// The first message of a client.
struct Greeting {
    base::le32 request_bytes;
    base::le32 answer_bytes;
};
constexpr size_t kBufferBytes = size_t{1} << 20U;

void set_nodelay(int socket) {
    const int on = 1;
    (void)setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);  // TCP always has it
}

// --- the server

class FloorServer {
  public:
    base::Status open(const target::SocketAddress& address) {
        TRY(const auto name, target::to_sockaddr(address));
        const auto* where = reinterpret_cast<const sockaddr*>(name.data());
        listener_ = base::UniqueFd(socket(where->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
        epoll_ = base::UniqueFd(epoll_create1(EPOLL_CLOEXEC));
        const int on = 1;
        (void)setsockopt(listener_.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        if (bind(listener_.get(), where, static_cast<socklen_t>(name.size())) != 0 ||
            ::listen(listener_.get(), 64) != 0 || !watch(listener_.get(), EPOLLIN)) {
            return base::errno_error(errno, "listen on " + target::to_text(address));
        }
        return base::done();
    }

    [[noreturn]] void serve() {
        std::array<epoll_event, 64> events{};
        for (;;) {
            const int count = epoll_wait(epoll_.get(), events.data(), events.size(), -1);
            for (int i = 0; i < count; ++i) {
                const int fd = events[static_cast<size_t>(i)].data.fd;
                if (fd == listener_.get()) {
                    accept_one();
                } else {
                    turn(fd);
                }
            }
        }
    }

    [[nodiscard]] int listener() const { return listener_.get(); }

  private:
    struct Client {
        base::UniqueFd socket;
        Greeting greeting;
        size_t greeted = 0;  ///< bytes of the greeting that came
        uint64_t asked = 0;  ///< bytes of requests that are not answered
        uint64_t owed = 0;   ///< bytes of answers
        bool writing = false;
    };

    bool watch(int fd, uint32_t events, int how = EPOLL_CTL_ADD) {
        epoll_event event{};
        event.events = events;
        event.data.fd = fd;
        return epoll_ctl(epoll_.get(), how, fd, &event) == 0;
    }

    void accept_one() {
        base::UniqueFd socket(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
        const int fd = socket.get();
        if (socket.valid() && watch(fd, EPOLLIN)) {
            set_nodelay(fd);
            clients_[fd].socket = std::move(socket);
        }
    }

    void turn(int fd) {
        Client& client = clients_[fd];
        const ssize_t moved = recv(fd, in_.data(), in_.size(), MSG_DONTWAIT);
        if (moved == 0 || (moved < 0 && errno != EAGAIN)) {
            clients_.erase(fd);
            return;
        }
        if (moved > 0) {
            take(client, base::ByteView(in_).first(static_cast<size_t>(moved)));
        }
        answer(fd, client);
    }

    static void take(Client& client, base::ByteView bytes) {
        const size_t count = std::min(sizeof(Greeting) - client.greeted, bytes.size());
        std::memcpy(reinterpret_cast<std::byte*>(&client.greeting) + client.greeted, bytes.data(),
                    count);
        client.greeted += count;
        client.asked += bytes.size() - count;
        const uint32_t request = std::max<uint32_t>(client.greeting.request_bytes, 1);
        client.owed += client.asked / request * client.greeting.answer_bytes;
        client.asked %= request;
    }

    void answer(int fd, Client& client) {
        while (client.owed > 0) {
            const ssize_t moved =
                send(fd, out_.data(), std::min<uint64_t>(client.owed, out_.size()),
                     MSG_DONTWAIT | MSG_NOSIGNAL);
            if (moved <= 0) {
                break;
            }
            client.owed -= static_cast<uint64_t>(moved);
        }
        const bool writing = client.owed > 0;
        if (writing != client.writing) {
            client.writing = writing;
            (void)watch(fd, writing ? EPOLLIN | EPOLLOUT : EPOLLIN, EPOLL_CTL_MOD);
        }
    }

    base::UniqueFd listener_;
    base::UniqueFd epoll_;
    std::unordered_map<int, Client> clients_;
    base::Bytes in_ = base::Bytes(kBufferBytes);
    base::Bytes out_ = base::Bytes(kBufferBytes);
};

// --- the client

class FloorRun {
  public:
    FloorRun(const FloorOptions& options, target::Reactor& reactor)
        : options_(options), reactor_(reactor), end_(reactor, [this] { ending_ = true; }) {}

    base::Result<Measured> go() {
        for (uint16_t i = 0; i < options_.connections; ++i) {
            TRY_VOID(open(lanes_.emplace_back()));
        }
        const auto before = usage();
        began_ = reactor_.now();
        end_.set(began_ + options_.time);
        for (Lane& lane : lanes_) {
            ask(lane, options_.depth);
            receive(lane);
        }
        reactor_.run();
        if (const auto after = usage(); before && after) {
            measured_.target_cpu = *after - *before;
        }
        for (const Lane& lane : lanes_) {
            (void)shutdown(lane.socket.get(), SHUT_RDWR);
        }
        settle(reactor_, [this] { return busy_ == 0; });
        if (error_) {
            return std::move(*error_);
        }
        return measured_;
    }

  private:
    struct Lane {
        base::UniqueFd socket;
        base::Bytes in = base::Bytes(kBufferBytes);
        std::deque<base::TimePoint> since;  ///< of the requests not answered, oldest first
        uint64_t came = 0;                  ///< bytes of an answer not complete
        uint64_t to_send = 0;
        iovec part{};
        bool sending = false;
    };

    [[nodiscard]] std::optional<std::chrono::nanoseconds> usage() const;

    base::Status open(Lane& lane) {
        TRY(const auto name, target::to_sockaddr(options_.address));
        const auto* where = reinterpret_cast<const sockaddr*>(name.data());
        lane.socket = base::UniqueFd(socket(where->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
        const Greeting greeting{options_.exchange.request_bytes, options_.exchange.answer_bytes};
        if (connect(lane.socket.get(), where, static_cast<socklen_t>(name.size())) != 0) {
            return base::errno_error(errno, "connect to the floor server");
        }
        set_nodelay(lane.socket.get());
        return base::write_all(lane.socket.get(), base::bytes_of(greeting));
    }

    void ask(Lane& lane, size_t count) {
        lane.since.insert(lane.since.end(), count, reactor_.now());
        lane.to_send += count * options_.exchange.request_bytes;
        send(lane);
    }

    void send(Lane& lane) {
        if (lane.sending || lane.to_send == 0) {
            return;
        }
        lane.sending = true;
        ++busy_;
        lane.part = {out_.data(), std::min<uint64_t>(lane.to_send, out_.size())};
        reactor_.send(lane.socket.get(), std::span(&lane.part, 1), [this, &lane](int result) {
            lane.sending = false;
            --busy_;
            if (result <= 0) {
                return fail();
            }
            lane.to_send -= static_cast<uint64_t>(result);
            send(lane);
        });
    }

    void receive(Lane& lane) {
        ++busy_;
        reactor_.receive(lane.socket.get(), lane.in, [this, &lane](int result) {
            --busy_;
            if (result <= 0) {
                return fail();
            }
            lane.came += static_cast<uint64_t>(result);
            took(lane);
        });
    }

    void took(Lane& lane) {
        size_t ended = 0;
        for (; lane.came >= options_.exchange.answer_bytes; ++ended) {
            lane.came -= options_.exchange.answer_bytes;
            measured_.latency.add(reactor_.now() - lane.since.front());
            lane.since.pop_front();
        }
        if (ending_) {
            return finish();
        }
        receive(lane);
        if (ended > 0) {
            ask(lane, ended);
        }
    }

    void finish() {
        measured_.commands = measured_.latency.count();
        measured_.time = reactor_.now() - began_;
        reactor_.stop();
    }

    void fail() {
        if (!ending_) {
            error_ = base::error("the floor server closed the connection");
        }
        reactor_.stop();
    }

    const FloorOptions& options_;
    target::Reactor& reactor_;
    target::Timer end_;
    std::deque<Lane> lanes_;
    base::Bytes out_ = base::Bytes(kBufferBytes);
    size_t busy_ = 0;
    bool ending_ = false;
    base::TimePoint began_;
    std::optional<base::Error> error_;
    Measured measured_;
};

std::optional<std::chrono::nanoseconds> FloorRun::usage() const {
    if (!options_.server) {
        return std::nullopt;
    }
    const auto usage = usage_of(*options_.server);
    return usage ? std::optional(usage->cpu) : std::nullopt;
}

}  // namespace

base::Status serve_floor(const target::SocketAddress& address,
                         const std::function<void(const target::SocketAddress&)>& listening) {
    FloorServer server;
    TRY_VOID(server.open(address));
    TRY(const auto bound, target::local_address(server.listener()));
    listening(bound);
    server.serve();
}

base::Result<Measured> run_floor(const FloorOptions& options) {
    TRY(const auto reactor, open_wakeful_reactor());
    return std::make_unique<FloorRun>(options, *reactor)->go();
}

Exchange exchange_of(Access access, uint32_t bytes) {
    constexpr uint32_t kCommand = sizeof(nvme::CapsuleCmd);
    constexpr uint32_t kAnswer = sizeof(nvme::CapsuleResp);
    const bool writes = access == Access::kRandomWrite || access == Access::kWrite;
    return writes ? Exchange{kCommand + bytes, kAnswer} : Exchange{kCommand, kAnswer + bytes};
}

}  // namespace load
