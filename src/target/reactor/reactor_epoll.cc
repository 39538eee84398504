// SPDX-License-Identifier: GPL-2.0-or-later
//
// The reactor's second engine, for kernels and containers that forbid io_uring. Each descriptor is
// in the epoll set once, edge-triggered, and this file remembers which directions may have
// something; an operation is tried when that is so and else waits for its edge. Disk reads are
// tried with RWF_NOWAIT, which serves what is in the page cache; all other disk work goes to the
// helper threads.
#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <deque>
#include <optional>

#include "target/reactor/reactor.h"
#include "target/reactor/worker_pool.h"

namespace target {
namespace {

int result_of(ssize_t moved) {
    return moved < 0 ? -errno : static_cast<int>(moved);
}

iovec iovec_of(base::ByteView bytes) {
    return {const_cast<std::byte*>(bytes.data()), bytes.size()};
}

class EpollReactor final : public Reactor {
  public:
    base::Status init();

    [[nodiscard]] std::string_view engine() const override { return "epoll"; }
    void accept(int listener, IoDone done) override;
    void connect(int socket, base::ByteView address, IoDone done) override;
    void receive(int socket, base::MutableBytes into, IoDone done) override;
    void send(int socket, std::span<const iovec> parts, IoDone done) override;
    void wait_readable(int fd, IoDone done) override;
    void read(int fd, base::MutableBytes into, uint64_t offset, IoDone done) override;
    void write(int fd, base::ByteView from, uint64_t offset, bool durable, IoDone done) override;
    void sync(int fd, IoDone done) override;
    void allocate(int fd, int mode, uint64_t offset, uint64_t length, IoDone done) override;
    void release(int fd) override;

  protected:
    void wait(const base::TimePoint* deadline) override;

  private:
    enum class Kind { kNone, kAccept, kConnect, kReceive, kSend, kReadable };
    /// One direction of a descriptor: the operation that waits there, and whether it is worth a
    /// try.
    struct Side {
        Kind kind = Kind::kNone;
        iovec into{};
        std::span<const iovec> parts;
        IoDone done;
        bool may_move = true;
    };
    /// A descriptor in the epoll set.
    struct Watched {
        bool known = false;
        bool hung_up = false;  ///< the peer's end is known: no further edge will come
        Side in;
        Side out;
    };
    struct Ended {
        IoDone done;
        int result;
        bool disk = false;
    };

    Watched& watch(int fd);
    void start(int fd, bool inward, Kind kind, iovec into, std::span<const iovec> parts,
               IoDone done);
    void try_side(int fd, bool inward);
    static int attempt(int fd, const Side& side);
    void start_disk(std::function<int()> call, IoDone done);
    void run_ended();
    [[nodiscard]] int timeout_ms(const base::TimePoint* deadline) const;

    base::UniqueFd epoll_;
    std::deque<Watched> watched_;  ///< by descriptor; a deque, for references survive growth
    std::vector<Ended> ended_;     ///< results whose `done` the next wait() calls
    WorkerPool pool_{WorkerPool::Options{}};
};

base::Status EpollReactor::init() {
    epoll_ = base::UniqueFd(epoll_create1(EPOLL_CLOEXEC));
    if (!epoll_.valid()) {
        return base::errno_error(errno, "epoll");
    }
    TRY_VOID(pool_.open());
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = pool_.event_fd();
    if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, pool_.event_fd(), &event) != 0) {
        return base::errno_error(errno, "epoll_ctl");
    }
    return base::done();
}

EpollReactor::Watched& EpollReactor::watch(int fd) {
    const auto index = static_cast<size_t>(fd);
    while (watched_.size() <= index) {
        watched_.emplace_back();
    }
    Watched& watched = watched_[index];
    if (!watched.known) {
        watched = Watched{};
        watched.known = true;
        // Results say -EAGAIN where a blocking descriptor would sleep.
        (void)fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
        epoll_event event{};
        event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
        event.data.fd = fd;
        // EEXIST cannot be (close() removes), ENOMEM shows as an operation that never ends.
        (void)epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event);
    }
    return watched;
}

void EpollReactor::start(int fd, bool inward, Kind kind, iovec into, std::span<const iovec> parts,
                         IoDone done) {
    Watched& watched = watch(fd);
    Side& side = inward ? watched.in : watched.out;
    side.kind = kind;
    side.into = into;
    side.parts = parts;
    side.done = std::move(done);
    try_side(fd, inward);
}

void EpollReactor::try_side(int fd, bool inward) {
    Watched& watched = watched_[static_cast<size_t>(fd)];
    Side& side = inward ? watched.in : watched.out;
    if (side.kind == Kind::kNone || !side.may_move) {
        return;
    }
    const int result = attempt(fd, side);
    if (result == -EAGAIN) {
        side.may_move = false;
        return;
    }
    // Fewer bytes than there was room for: the socket is empty, and more of them will be an edge.
    const bool drained = side.kind == Kind::kReceive && result > 0 &&
                         static_cast<size_t>(result) < side.into.iov_len;
    side.may_move = !drained || watched.hung_up;
    side.kind = Kind::kNone;
    ended_.push_back({std::move(side.done), result});
}

int EpollReactor::attempt(int fd, const Side& side) {
    switch (side.kind) {
        case Kind::kAccept:
            return result_of(accept4(fd, nullptr, nullptr, SOCK_CLOEXEC));
        case Kind::kConnect: {
            // Asked again, it tells how the first call ended.
            const auto* address = static_cast<const sockaddr*>(side.into.iov_base);
            const int result =
                result_of(::connect(fd, address, static_cast<socklen_t>(side.into.iov_len)));
            return result == -EINPROGRESS || result == -EALREADY ? -EAGAIN
                   : result == -EISCONN                          ? 0
                                                                 : result;
        }
        case Kind::kReceive:
            return result_of(recv(fd, side.into.iov_base, side.into.iov_len, MSG_DONTWAIT));
        case Kind::kSend: {
            msghdr message{};
            message.msg_iov = const_cast<iovec*>(side.parts.data());  // only read
            message.msg_iovlen = side.parts.size();
            return result_of(sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT));
        }
        case Kind::kReadable: {
            pollfd poller{fd, POLLIN, 0};
            return poll(&poller, 1, 0) == 1 ? 0 : -EAGAIN;
        }
        case Kind::kNone:
            break;
    }
    return -EINVAL;
}

int EpollReactor::timeout_ms(const base::TimePoint* deadline) const {
    if (!ended_.empty()) {
        return 0;
    }
    if (deadline == nullptr) {
        return -1;
    }
    const auto left = std::chrono::ceil<base::milliseconds>(*deadline - now()).count();
    return static_cast<int>(std::clamp<int64_t>(left, 0, INT32_MAX));
}

void EpollReactor::wait(const base::TimePoint* deadline) {
    std::array<epoll_event, 256> events{};
    read_clock();
    end_turn();
    int count = 0;
    const auto look = [&](int timeout) {
        count = epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), timeout);
        return count > 0;
    };
    if (!keep_vigil([&] { return look(0) || !ended_.empty(); })) {
        look(timeout_ms(deadline));
    }
    woke_up();
    for (int i = 0; i < count; ++i) {
        const epoll_event& event = events[static_cast<size_t>(i)];
        if (event.data.fd == pool_.event_fd()) {
            pool_.collect();
            continue;
        }
        Watched& watched = watched_[static_cast<size_t>(event.data.fd)];
        constexpr uint32_t kEnd = EPOLLRDHUP | EPOLLHUP | EPOLLERR;
        watched.hung_up = watched.hung_up || (event.events & kEnd) != 0;
        if ((event.events & (EPOLLIN | kEnd)) != 0) {
            watched.in.may_move = true;
            try_side(event.data.fd, true);
        }
        if ((event.events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0) {
            watched.out.may_move = true;
            try_side(event.data.fd, false);
        }
    }
    run_ended();
}

void EpollReactor::run_ended() {
    const auto batch = std::exchange(ended_, {});
    for (const Ended& ended : batch) {
        if (ended.disk) {
            count_disk(-1);
        }
        ended.done(ended.result);
    }
}

void EpollReactor::start_disk(std::function<int()> call, IoDone done) {
    count_disk(1);
    pool_.start(std::move(call), [this, done = std::move(done)](int result) mutable {
        ended_.push_back({std::move(done), result, true});
    });
}

void EpollReactor::accept(int listener, IoDone done) {
    start(listener, true, Kind::kAccept, {}, {}, std::move(done));
}

void EpollReactor::connect(int socket, base::ByteView address, IoDone done) {
    start(socket, false, Kind::kConnect, iovec_of(address), {}, std::move(done));
}

void EpollReactor::receive(int socket, base::MutableBytes into, IoDone done) {
    start(socket, true, Kind::kReceive, iovec_of(into), {}, std::move(done));
}

void EpollReactor::send(int socket, std::span<const iovec> parts, IoDone done) {
    start(socket, false, Kind::kSend, {}, parts, std::move(done));
}

void EpollReactor::wait_readable(int fd, IoDone done) {
    start(fd, true, Kind::kReadable, {}, {}, std::move(done));
}

void EpollReactor::read(int fd, base::MutableBytes into, uint64_t offset, IoDone done) {
    const iovec part = iovec_of(into);
    const auto at = static_cast<off_t>(offset);
    const ssize_t moved = preadv2(fd, &part, 1, at, RWF_NOWAIT);
    if (moved >= 0) {
        count_disk(1);
        ended_.push_back({std::move(done), static_cast<int>(moved), true});
        return;
    }
    start_disk([=] { return result_of(preadv2(fd, &part, 1, at, 0)); }, std::move(done));
}

void EpollReactor::write(int fd, base::ByteView from, uint64_t offset, bool durable, IoDone done) {
    const iovec part = iovec_of(from);
    const int flags = durable ? RWF_DSYNC : 0;
    const auto at = static_cast<off_t>(offset);
    start_disk([=] { return result_of(pwritev2(fd, &part, 1, at, flags)); }, std::move(done));
}

void EpollReactor::sync(int fd, IoDone done) {
    start_disk([fd] { return result_of(fdatasync(fd)); }, std::move(done));
}

void EpollReactor::allocate(int fd, int mode, uint64_t offset, uint64_t length, IoDone done) {
    start_disk(
        [=] {
            return result_of(
                fallocate(fd, mode, static_cast<off_t>(offset), static_cast<off_t>(length)));
        },
        std::move(done));
}

void EpollReactor::release(int fd) {
    const auto index = static_cast<size_t>(fd);
    if (index < watched_.size() && watched_[index].known) {
        (void)epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);  // it is there
        watched_[index] = Watched{};
    }
}

}  // namespace

base::Result<std::unique_ptr<Reactor>> open_epoll_reactor() {
    auto reactor = std::make_unique<EpollReactor>();
    TRY_VOID(reactor->init());
    return std::unique_ptr<Reactor>(std::move(reactor));
}

}  // namespace target
