// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/net/early_end.h"

#include <string>
#include <utility>

namespace boot {

bool EarlyEnd::is_due(size_t ready, base::TimePoint now) const {
    return is_enough_ && !question_ && (ready > asked_ || now >= again_);
}

void EarlyEnd::ask(const Network& so_far, size_t ready) {
    asked_ = ready;
    auto question = SideTask::start("the target", [&]() -> base::Result<std::string> {
        TRY_VOID(is_enough_(so_far));
        return std::string();
    });
    if (question) {
        question_ = std::move(question).value();
    } else {
        is_enough_ = nullptr;  // no process to be had: all is awaited
    }
}

bool EarlyEnd::is_enough(const base::Clock& clock) {
    if (!question_) {
        return false;
    }
    pollfd entry{question_->fd(), POLLIN, 0};
    if (::poll(&entry, 1, 0) <= 0) {
        return false;
    }
    constexpr base::seconds kPause{1};
    SideTask question = *std::exchange(question_, std::nullopt);
    again_ = clock.now() + kPause;
    return question.wait(base::Deadline(clock, kPause)).ok();
}

void EarlyEnd::collect_fds(std::vector<pollfd>& fds) const {
    if (question_) {
        fds.push_back({question_->fd(), POLLIN, 0});
    }
}

base::TimePoint EarlyEnd::wake() const {
    return is_enough_ && !question_ ? again_ : base::TimePoint::max();
}

}  // namespace boot
