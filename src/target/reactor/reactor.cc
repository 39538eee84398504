// SPDX-License-Identifier: GPL-2.0-or-later
//
// The common part of both engines: the loop, the timers, deferred calls.
#include "target/reactor/reactor.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace target {

base::Result<std::unique_ptr<Reactor>> Reactor::open(Engine engine) {
    if (engine == Engine::kEpoll) {
        return open_epoll_reactor();
    }
    auto uring = open_uring_reactor();
    return uring.ok() || engine == Engine::kIoUring ? std::move(uring) : open_epoll_reactor();
}

bool Vigil::begins() {
    if (span_.count() == 0) {
        return false;
    }
    if (credit_ == 0 && until_trial_ > 0) {
        --until_trial_;
        return false;
    }
    return true;
}

void Vigil::ended(bool in_time, base::TimePoint::duration took) {
    constexpr unsigned kMost = 16, kLost = 2;
    constexpr unsigned kTrial = 64, kTrialAmongOthers = 4096;
    const bool preempted = took > 4 * span_;
    if (preempted) {
        credit_ = 0;
    } else {
        credit_ = in_time ? std::min(credit_ + 1, kMost) : credit_ - std::min(credit_, kLost);
    }
    until_trial_ = preempted ? kTrialAmongOthers : kTrial;
}

Reactor::Reactor() : thread_(std::this_thread::get_id()) {
    read_clock();
}

base::Status Reactor::open_mailbox() {
    mail_event_ = base::UniqueFd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!mail_event_.valid()) {
        return base::errno_error(errno, "eventfd");
    }
    listen_for_mail();
    return base::done();
}

void Reactor::listen_for_mail() {
    wait_readable(mail_event_.get(), [this](int) {
        eventfd_t count = 0;
        (void)eventfd_read(mail_event_.get(), &count);  // that it can be read is all there is to it
        listen_for_mail();
        do_mail();
    });
}

void Reactor::post(std::function<void()> action) {
    bool first = false;
    {
        const std::lock_guard lock(mail_mutex_);
        first = mail_.empty();
        mail_.push_back(std::move(action));
        has_mail_ = true;
    }
    if (first) {
        (void)eventfd_write(mail_event_.get(), 1);  // cannot overflow: each reading resets it
    }
}

size_t Reactor::mail_waiting() const {
    const std::lock_guard lock(mail_mutex_);
    return mail_.size() + mail_in_hand_;
}

void Reactor::do_mail() {
    std::vector<std::function<void()>> mail;
    {
        const std::lock_guard lock(mail_mutex_);
        mail.swap(mail_);
        has_mail_ = false;
        mail_in_hand_ = mail.size();
    }
    for (auto& action : mail) {
        std::exchange(action, nullptr)();
    }
    const std::lock_guard lock(mail_mutex_);
    mail_in_hand_ = 0;
}

void Reactor::end_turn() {
    if (guard_ != nullptr) {
        guard_->end();
    }
}

void Reactor::woke_up() {
    if (guard_ != nullptr) {
        guard_->begin();
    }
    read_clock();
    // A thread that acts on the result of another thread's work must find this notification.
    if (guard_ != nullptr && has_mail_) {
        do_mail();
    }
}

void Reactor::defer(std::function<void()> action) {
    deferred_.push_back(std::move(action));
}

int Reactor::read_now(int fd, base::MutableBytes into, uint64_t offset, bool in_memory) {
    if (!can_do_now()) {
        return -EAGAIN;
    }
    const iovec part{into.data(), into.size()};
    const auto at = static_cast<off_t>(offset);
    const ssize_t moved =
        in_memory ? pread(fd, into.data(), into.size(), at) : preadv2(fd, &part, 1, at, RWF_NOWAIT);
    return moved < 0 ? -errno : static_cast<int>(moved);
}

int Reactor::write_now(int fd, base::ByteView from, uint64_t offset, bool in_memory) {
    if (!can_do_now()) {
        return -EAGAIN;
    }
    const iovec part{const_cast<std::byte*>(from.data()), from.size()};  // only read
    const auto at = static_cast<off_t>(offset);
    const ssize_t moved = in_memory ? pwrite(fd, from.data(), from.size(), at)
                                    : pwritev2(fd, &part, 1, at, RWF_NOWAIT);
    return moved < 0 ? -errno : static_cast<int>(moved);
}

void Reactor::run() {
    woke_up();
    stopped_ = false;
    run_deferred();
    while (!stopped_ || disk_in_flight_ > 0 || !deferred_.empty()) {
        const bool busy = !deferred_.empty();
        const bool limited = busy || !timers_.empty();
        const base::TimePoint deadline = busy      ? now_
                                         : limited ? timers_.begin()->first.first
                                                   : base::TimePoint();
        wait(limited ? &deadline : nullptr);
        fire_due_timers();
        run_deferred();
    }
    end_turn();
}

void Reactor::fire_due_timers() {
    while (!timers_.empty() && timers_.begin()->first.first <= now_) {
        Timer* timer = timers_.begin()->second;
        timer->clear();
        timer->fire_();
    }
}

void Reactor::run_deferred() {
    constexpr int kRounds = 4;
    for (int round = 0; round < kRounds && !deferred_.empty(); ++round) {
        const auto batch = std::exchange(deferred_, {});
        for (const auto& action : batch) {
            action();
        }
    }
}

Timer::Timer(Reactor& reactor, std::function<void()> fire)
    : reactor_(&reactor), fire_(std::move(fire)) {}

void Timer::set(base::TimePoint at) {
    clear();
    key_ = {at, ++reactor_->timer_sequence_};
    reactor_->timers_.emplace(key_, this);
    armed_ = true;
}

void Timer::move_to(Reactor& reactor) {
    clear();
    reactor_ = &reactor;
}

void Timer::clear() {
    if (std::exchange(armed_, false)) {
        reactor_->timers_.erase(key_);
    }
}

}  // namespace target
