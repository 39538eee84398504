// SPDX-License-Identifier: GPL-2.0-or-later
//
// The reactor's first engine, and the only user of liburing (2.3 and later). One submission queue
// entry for each operation; all that a turn of the loop started is handed over, and the next
// results are waited for, in a single io_uring_enter(2). Reads of pages that are in memory end
// inside that call.
#include <fcntl.h>
#include <liburing.h>
#include <poll.h>
#include <sys/socket.h>

#include <deque>
#include <utility>

#include "target/reactor/reactor.h"

namespace target {
namespace {

/// More entries than one turn starts as a rule; when they run out the turn makes a second call.
constexpr unsigned kSubmissionEntries = 512;
/// Results of all operations in flight should fit; the kernel keeps what does not (NODROP).
constexpr unsigned kCompletionEntries = 4096;
/// An entry whose result nobody waits for.
constexpr uint64_t kNobody = 0;

/// From the fastest to the plainest: 6.1 and later, 5.19, 5.11.
constexpr unsigned kFlagSets[] = {
    IORING_SETUP_CQSIZE | IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN,
    IORING_SETUP_CQSIZE | IORING_SETUP_COOP_TASKRUN,
    IORING_SETUP_CQSIZE,
};

__kernel_timespec timespec_until(base::TimePoint deadline, base::TimePoint now) {
    const auto left = std::max(deadline - now, base::TimePoint::duration::zero());
    const auto whole = std::chrono::duration_cast<std::chrono::seconds>(left);
    const auto rest = std::chrono::duration_cast<std::chrono::nanoseconds>(left - whole);
    return {whole.count(), rest.count()};
}

class UringReactor final : public Reactor {
  public:
    UringReactor() = default;
    ~UringReactor() override;
    int init();

    [[nodiscard]] std::string_view engine() const override { return "io_uring"; }
    void accept(int listener, IoDone done) override;
    void connect(int socket, base::ByteView address, IoDone done) override;
    void receive(int socket, base::MutableBytes into, IoDone done) override;
    void send(int socket, std::span<const iovec> parts, IoDone done) override;
    void wait_readable(int fd, IoDone done) override;
    void read(int fd, base::MutableBytes into, uint64_t offset, IoDone done) override;
    void write(int fd, base::ByteView from, uint64_t offset, bool durable, IoDone done) override;
    void sync(int fd, IoDone done) override;
    void allocate(int fd, int mode, uint64_t offset, uint64_t length, IoDone done) override;
    void release(int /*fd*/) override {}

  protected:
    void wait(const base::TimePoint* deadline) override;

  private:
    /// An operation in flight. It stays where it is (the kernel reads `message`) and is used again.
    struct Op {
        IoDone done;
        bool disk = false;
        msghdr message{};
        Op* next_free = nullptr;
    };

    io_uring_sqe* entry();
    Op& start(io_uring_sqe* sqe, IoDone done);
    void start_disk(io_uring_sqe* sqe, IoDone done);
    void finish(const io_uring_cqe& cqe);

    io_uring ring_{};
    bool open_ = false;
    std::deque<Op> ops_;
    Op* free_ = nullptr;
    size_t in_flight_ = 0;
};

int UringReactor::init() {
    int status = -EINVAL;
    for (const unsigned flags : kFlagSets) {
        io_uring_params params{};
        params.flags = flags;
        params.cq_entries = kCompletionEntries;
        status = io_uring_queue_init_params(kSubmissionEntries, &ring_, &params);
        if (status == 0) {
            constexpr unsigned kNeeded = IORING_FEAT_NODROP | IORING_FEAT_EXT_ARG;
            open_ = true;
            return (params.features & kNeeded) == kNeeded ? 0 : -ENOSYS;
        }
        if (status != -EINVAL) {
            return status;
        }
    }
    return status;
}

UringReactor::~UringReactor() {
    if (!open_) {
        return;
    }
    if (in_flight_ > 0) {
        io_uring_sqe* sqe = entry();
        io_uring_prep_cancel64(sqe, 0, IORING_ASYNC_CANCEL_ANY | IORING_ASYNC_CANCEL_ALL);
        io_uring_sqe_set_data64(sqe, kNobody);
    }
    for (Op& op : ops_) {
        op.done = nullptr;
    }
    while (in_flight_ > 0) {
        wait(nullptr);
    }
    io_uring_queue_exit(&ring_);
}

io_uring_sqe* UringReactor::entry() {
    io_uring_sqe* sqe = io_uring_get_sqe(&ring_);
    while (sqe == nullptr) {
        (void)io_uring_submit(&ring_);  // a failure leaves the queue full, and is tried again
        sqe = io_uring_get_sqe(&ring_);
    }
    return sqe;
}

UringReactor::Op& UringReactor::start(io_uring_sqe* sqe, IoDone done) {
    Op* op = free_;
    if (op != nullptr) {
        free_ = op->next_free;
    } else {
        op = &ops_.emplace_back();
    }
    op->done = std::move(done);
    ++in_flight_;
    io_uring_sqe_set_data(sqe, op);
    return *op;
}

void UringReactor::start_disk(io_uring_sqe* sqe, IoDone done) {
    start(sqe, std::move(done)).disk = true;
    count_disk(1);
}

void UringReactor::finish(const io_uring_cqe& cqe) {
    if (cqe.user_data == kNobody) {
        return;
    }
    Op* op = static_cast<Op*>(io_uring_cqe_get_data(&cqe));
    const IoDone done = std::move(op->done);
    if (std::exchange(op->disk, false)) {
        count_disk(-1);
    }
    op->next_free = free_;
    free_ = op;
    --in_flight_;
    if (done) {
        done(cqe.res);
    }
}

void UringReactor::wait(const base::TimePoint* deadline) {
    io_uring_cqe* first = nullptr;
    end_turn();
    const bool awake = keep_vigil([this] {
        (void)io_uring_submit_and_get_events(&ring_);
        return io_uring_cq_ready(&ring_) > 0;
    });
    if (!awake && deadline != nullptr) {
        read_clock();
        __kernel_timespec left = timespec_until(*deadline, now());
        (void)io_uring_submit_and_wait_timeout(&ring_, &first, 1, &left, nullptr);
    } else if (!awake) {
        (void)io_uring_submit_and_wait(&ring_, 1);
    }
    woke_up();
    // Only what has ended by now: what ends while the callbacks run belongs to the next turn.
    for (unsigned ready = io_uring_cq_ready(&ring_); ready > 0; --ready) {
        io_uring_cqe* cqe = nullptr;
        if (io_uring_peek_cqe(&ring_, &cqe) != 0) {
            return;
        }
        const io_uring_cqe copy = *cqe;
        io_uring_cqe_seen(&ring_, cqe);
        finish(copy);
    }
}

void UringReactor::accept(int listener, IoDone done) {
    io_uring_sqe* sqe = entry();
    io_uring_prep_accept(sqe, listener, nullptr, nullptr, SOCK_CLOEXEC);
    start(sqe, std::move(done));
}

void UringReactor::connect(int socket, base::ByteView address, IoDone done) {
    io_uring_sqe* sqe = entry();
    io_uring_prep_connect(sqe, socket, reinterpret_cast<const sockaddr*>(address.data()),
                          static_cast<socklen_t>(address.size()));
    start(sqe, std::move(done));
}

void UringReactor::receive(int socket, base::MutableBytes into, IoDone done) {
    io_uring_sqe* sqe = entry();
    io_uring_prep_recv(sqe, socket, into.data(), into.size(), 0);
    start(sqe, std::move(done));
}

void UringReactor::send(int socket, std::span<const iovec> parts, IoDone done) {
    io_uring_sqe* sqe = entry();
    io_uring_prep_sendmsg(sqe, socket, nullptr, MSG_NOSIGNAL);
    Op& op = start(sqe, std::move(done));
    op.message.msg_iov = const_cast<iovec*>(parts.data());  // the kernel only reads it
    op.message.msg_iovlen = parts.size();
    sqe->addr = reinterpret_cast<uintptr_t>(&op.message);
}

void UringReactor::wait_readable(int fd, IoDone done) {
    io_uring_sqe* sqe = entry();
    io_uring_prep_poll_add(sqe, fd, POLLIN);
    start(sqe, [done = std::move(done)](int result) { done(std::min(result, 0)); });
}

void UringReactor::read(int fd, base::MutableBytes into, uint64_t offset, IoDone done) {
    io_uring_sqe* sqe = entry();
    io_uring_prep_read(sqe, fd, into.data(), static_cast<unsigned>(into.size()), offset);
    start_disk(sqe, std::move(done));
}

void UringReactor::write(int fd, base::ByteView from, uint64_t offset, bool durable, IoDone done) {
    io_uring_sqe* sqe = entry();
    io_uring_prep_write(sqe, fd, from.data(), static_cast<unsigned>(from.size()), offset);
    sqe->rw_flags = durable ? RWF_DSYNC : 0;
    start_disk(sqe, std::move(done));
}

void UringReactor::sync(int fd, IoDone done) {
    io_uring_sqe* sqe = entry();
    io_uring_prep_fsync(sqe, fd, IORING_FSYNC_DATASYNC);
    start_disk(sqe, std::move(done));
}

void UringReactor::allocate(int fd, int mode, uint64_t offset, uint64_t length, IoDone done) {
    io_uring_sqe* sqe = entry();
    io_uring_prep_fallocate(sqe, fd, mode, static_cast<off_t>(offset), static_cast<off_t>(length));
    start_disk(sqe, std::move(done));
}

}  // namespace

base::Result<std::unique_ptr<Reactor>> open_uring_reactor() {
    auto reactor = std::make_unique<UringReactor>();
    if (const int status = reactor->init(); status != 0) {
        return base::errno_error(-status, "io_uring");
    }
    return std::unique_ptr<Reactor>(std::move(reactor));
}

}  // namespace target
