// SPDX-License-Identifier: GPL-2.0-or-later
//
// One thread's loop: sockets, disk I/O, timers. Everything is an operation that is started here and
// ends in one call of its `done`, from run() and never from inside the call that started it.
// There is no global state: each additional thread has its own reactor. Other threads reach a
// reactor only by post(); a TurnGuard orders access to shared state (turns.h).
//
//     run:  wait ──► done(…) of what ended ──► timers that are due ──► what was deferred ──┐
//             ▲                                                                           │
//             └───────────── one system call hands over all that was started ◄────────────┘
//
// Two engines do the same: io_uring (reactor_uring.cc) and, where the kernel forbids it
// (containers, kernel.io_uring_disabled), epoll with preadv2 and a few helper threads
// (reactor_epoll.cc). An idle reactor sleeps until the next timer, or forever. This file knows no
// protocol.
//
// Buffers and descriptors given to an operation must live until its `done`. An operation on a
// socket is ended early by shutdown(2) of the socket; there is no other cancellation.
#pragma once

#include <sys/uio.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string_view>
#include <thread>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/result.h"

namespace target {

class Timer;

/// Whether a loop with nothing to do stays awake for a moment: a sleep and the waking from it cost
/// more than the wait for a peer that answers at once. It is tried now and then, and continues as
/// long as something comes in time more often than not; a loop that is idle, or whose peers take
/// their time, sleeps. A loop also sleeps if other threads take its processor: staying awake would
/// use up its share of it.
class Vigil {
  public:
    /// @param span  how long; 0: never
    void set(std::chrono::microseconds span) { span_ = span; }
    [[nodiscard]] std::chrono::microseconds span() const { return span_; }
    /// Whether to stay awake this time.
    bool begins();
    /// To be called after each begins() that said yes.
    /// @param in_time  something came. @param took  by the clock
    void ended(bool in_time, base::TimePoint::duration took);

  private:
    std::chrono::microseconds span_{0};
    unsigned credit_ = 0;
    unsigned until_trial_ = 0;  ///< turns
};

/// Hears when a reactor begins to call back, and when it is about to sleep: between the two is a
/// turn.
class TurnGuard {
  public:
    virtual ~TurnGuard() = default;
    /// Returns when the turn may begin.
    virtual void begin() = 0;
    virtual void end() = 0;
};

/// How an operation ended: bytes moved (for accept the new descriptor, else 0), or minus an errno.
/// Captures of at most two pointers cost no memory.
using IoDone = std::function<void(int result)>;

class Reactor {
  public:
    enum class Engine { kAny, kIoUring, kEpoll };

    /// The reactor belongs to the calling thread. kAny takes io_uring if the kernel allows it.
    /// Errors: the wanted engine is not to be had here.
    static base::Result<std::unique_ptr<Reactor>> open(Engine engine = Engine::kAny);

    Reactor(const Reactor&) = delete;
    Reactor& operator=(const Reactor&) = delete;
    /// REQUIRES: no operation is left, or nobody minds that its `done` is never called.
    virtual ~Reactor() = default;

    /// "io_uring" or "epoll".
    [[nodiscard]] virtual std::string_view engine() const = 0;

    /// One connection; its descriptor is CLOEXEC and belongs to the caller. Descriptors are given
    /// as they come, blocking: io_uring would answer EAGAIN for others, and epoll changes its own.
    virtual void accept(int listener, IoDone done) = 0;
    /// Connects a socket that was not used yet. @param address  a sockaddr; lives until `done`
    virtual void connect(int socket, base::ByteView address, IoDone done) = 0;
    /// Some bytes, at least one; 0 means the peer will send no more.
    virtual void receive(int socket, base::MutableBytes into, IoDone done) = 0;
    /// Some of the bytes of `parts`, at least one; the array too must live until `done`.
    virtual void send(int socket, std::span<const iovec> parts, IoDone done) = 0;
    /// Ends with 0 when the descriptor (a signalfd, an eventfd) can be read.
    virtual void wait_readable(int fd, IoDone done) = 0;
    /// Some bytes from `offset` of a file or block device; 0 means its end.
    virtual void read(int fd, base::MutableBytes into, uint64_t offset, IoDone done) = 0;
    /// Some of the bytes. @param durable  they are on stable storage before `done` (RWF_DSYNC).
    virtual void write(int fd, base::ByteView from, uint64_t offset, bool durable, IoDone done) = 0;
    /// As read() and write(), but here and now, as far as that needs no waiting for a disk.
    /// @param in_memory  the file's system keeps it in memory, and there is nothing to wait for
    /// @return bytes moved, or minus an errno: EAGAIN where it would have to wait, EOPNOTSUPP where
    /// the file system cannot tell.
    int read_now(int fd, base::MutableBytes into, uint64_t offset, bool in_memory);
    int write_now(int fd, base::ByteView from, uint64_t offset, bool in_memory);
    /// fdatasync(2).
    virtual void sync(int fd, IoDone done) = 0;
    /// fallocate(2).
    virtual void allocate(int fd, int mode, uint64_t offset, uint64_t length, IoDone done) = 0;
    /// A descriptor that was used here, and has no operation left, will be used elsewhere.
    virtual void release(int fd) = 0;
    /// Closes a descriptor that was used here and has no operation left.
    void close(base::UniqueFd fd) {
        if (fd.valid()) {
            release(fd.get());
        }
    }

    /// Calls `action` before the loop sleeps again, after everything that has ended by now. Actions
    /// that defer others again and again let what ends meanwhile go first.
    void defer(std::function<void()> action);
    /// As defer(), from any thread, which the loop wakes up for. REQUIRES: open_mailbox() succeeded
    void post(std::function<void()> action);
    /// Errors: no eventfd.
    base::Status open_mailbox();
    /// The number of posted actions that are not done yet.
    [[nodiscard]] size_t mail_waiting() const;
    /// Does it now; for the end, when the loop does not run any more.
    void do_mail();
    /// Whether the calling thread is the one that the reactor belongs to.
    [[nodiscard]] bool here() const { return thread_ == std::this_thread::get_id(); }
    /// Tells of each turn from the next one on; null: nobody. It outlives the loop.
    void guard_turns(TurnGuard* guard) { guard_ = guard; }

    /// The time at which the loop woke up.
    [[nodiscard]] base::TimePoint now() const { return now_; }

    /// Loops until stop(), and on until no disk operation is left.
    void run();
    void stop() { stopped_ = true; }
    /// How long to stay awake where that seems worth it; at first not at all.
    void busy_poll(std::chrono::microseconds span) { vigil_.set(span); }
    [[nodiscard]] std::chrono::microseconds busy_poll() const { return vigil_.span(); }
    /// Disk operations whose `done` was not called yet.
    [[nodiscard]] size_t disk_in_flight() const { return disk_in_flight_; }

  protected:
    Reactor();

    /// Hands over what was started, sleeps until something ends or `deadline`, and calls each
    /// `done`: before that woke_up(), and after what it does itself end_turn().
    /// @param deadline  nullptr: no limit
    virtual void wait(const base::TimePoint* deadline) = 0;
    /// Stays awake for a moment, if that seems worth it. @param look  whether something has ended
    template <class Look>
    bool keep_vigil(Look look) {
        if (!deferred_.empty() || !vigil_.begins()) {
            return false;
        }
        const base::TimePoint begin = clock_.now();
        base::TimePoint::duration took{};
        bool came = false;
        while (!came && took < vigil_.span()) {
            came = look();
            took = clock_.now() - begin;
        }
        vigil_.ended(came, took);
        return came;
    }
    /// Whether read_now() and write_now() may call the kernel. A reactor without disk I/O, such as
    /// that of a test, returns false.
    [[nodiscard]] virtual bool can_do_now() const { return true; }
    void read_clock() { now_ = clock_.now(); }
    /// The engine is about to sleep: what others share with this thread is theirs.
    void end_turn();
    /// It has slept.
    void woke_up();
    /// The engine calls these around each disk operation.
    /// @param change  1: an operation was started, -1: one has ended
    void count_disk(int change) { disk_in_flight_ += static_cast<size_t>(change); }

  private:
    friend class Timer;
    /// A timer's place: the sequence number tells apart two of one moment.
    using TimerKey = std::pair<base::TimePoint, uint64_t>;

    void fire_due_timers();
    void run_deferred();
    void listen_for_mail();

    base::SystemClock clock_;
    Vigil vigil_;
    const std::thread::id thread_;
    TurnGuard* guard_ = nullptr;
    base::UniqueFd mail_event_;
    std::atomic<bool> has_mail_ = false;
    mutable std::mutex mail_mutex_;  ///< guards what follows
    std::vector<std::function<void()>> mail_;
    size_t mail_in_hand_ = 0;  ///< taken out, and not done yet

    base::TimePoint now_;
    uint64_t timer_sequence_ = 0;
    std::map<TimerKey, Timer*> timers_;
    std::vector<std::function<void()>> deferred_;
    size_t disk_in_flight_ = 0;
    bool stopped_ = false;
};

/// Calls `fire` once each time it was set. Going out of scope disarms it. It borrows the reactor.
class Timer {
  public:
    Timer(Reactor& reactor, std::function<void()> fire);
    Timer(const Timer&) = delete;
    Timer& operator=(const Timer&) = delete;
    ~Timer() { clear(); }

    /// Replaces what was set before.
    void set(base::TimePoint at);
    void clear();
    /// From now on it is another reactor's, and not set.
    void move_to(Reactor& reactor);
    [[nodiscard]] bool armed() const { return armed_; }
    /// REQUIRES: armed()
    [[nodiscard]] base::TimePoint at() const { return key_.first; }

  private:
    friend class Reactor;

    Reactor* reactor_;
    std::function<void()> fire_;
    Reactor::TimerKey key_;
    bool armed_ = false;
};

/// The engines, each in a file of its own.
base::Result<std::unique_ptr<Reactor>> open_uring_reactor();
base::Result<std::unique_ptr<Reactor>> open_epoll_reactor();

}  // namespace target
