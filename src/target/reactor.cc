// SPDX-License-Identifier: GPL-2.0-or-later
//
// What both engines share: the loop, the timers, deferred calls.
#include "target/reactor.h"

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

Reactor::Reactor() {
    read_clock();
}

void Reactor::defer(std::function<void()> action) {
    deferred_.push_back(std::move(action));
}

int Reactor::read_now(int fd, base::MutableBytes into, uint64_t offset, bool in_memory) {
    if (!can_do_now()) {
        return -EAGAIN;
    }
    const iovec part{into.data(), into.size()};
    const int flags = in_memory ? 0 : RWF_NOWAIT;
    const ssize_t moved = preadv2(fd, &part, 1, static_cast<off_t>(offset), flags);
    return moved < 0 ? -errno : static_cast<int>(moved);
}

int Reactor::write_now(int fd, base::ByteView from, uint64_t offset, bool in_memory) {
    if (!can_do_now()) {
        return -EAGAIN;
    }
    const iovec part{const_cast<std::byte*>(from.data()), from.size()};  // only read
    const int flags = in_memory ? 0 : RWF_NOWAIT;
    const ssize_t moved = pwritev2(fd, &part, 1, static_cast<off_t>(offset), flags);
    return moved < 0 ? -errno : static_cast<int>(moved);
}

void Reactor::run() {
    stopped_ = false;
    run_deferred();
    while (!stopped_ || disk_in_flight_ > 0) {
        const auto first = timers_.begin();
        const base::TimePoint* deadline = first == timers_.end() ? nullptr : &first->first.first;
        wait(deadline);
        fire_due_timers();
        run_deferred();
    }
}

void Reactor::fire_due_timers() {
    while (!timers_.empty() && timers_.begin()->first.first <= now_) {
        Timer* timer = timers_.begin()->second;
        timer->clear();
        timer->fire_();
    }
}

void Reactor::run_deferred() {
    while (!deferred_.empty()) {
        const auto batch = std::exchange(deferred_, {});
        for (const auto& action : batch) {
            action();
        }
    }
}

Timer::Timer(Reactor& reactor, std::function<void()> fire)
    : reactor_(reactor), fire_(std::move(fire)) {}

void Timer::set(base::TimePoint at) {
    clear();
    key_ = {at, ++reactor_.timer_sequence_};
    reactor_.timers_.emplace(key_, this);
    armed_ = true;
}

void Timer::clear() {
    if (std::exchange(armed_, false)) {
        reactor_.timers_.erase(key_);
    }
}

}  // namespace target
