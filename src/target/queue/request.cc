// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/queue/request.h"

#include <cassert>

namespace target {
namespace {

using State = Request::State;

constexpr unsigned bit(State state) {
    return 1U << static_cast<unsigned>(state);
}

/// The states that can follow a state. A command may be refused or lose its connection in most of them.
constexpr unsigned after(State state) {
    constexpr unsigned kEnd = bit(State::kAnswering) | bit(State::kFree);
    switch (state) {
        case State::kFree:
            return bit(State::kReceiving);
        case State::kReceiving:
            return kEnd | bit(State::kWaiting) | bit(State::kTransferring) | bit(State::kFusing) |
                   bit(State::kExecuting);
        case State::kWaiting:
            return kEnd | bit(State::kTransferring) | bit(State::kExecuting);
        case State::kTransferring:
        case State::kFusing:
            return kEnd | bit(State::kExecuting);
        case State::kExecuting:
            return kEnd | bit(State::kExecuting) | bit(State::kFusing);
        case State::kAnswering:
            return bit(State::kLate) | bit(State::kFree);
        case State::kLate:
            return bit(State::kFree);
    }
    return 0;
}

}  // namespace

void Request::enter(State state) {
    assert((after(state_) & bit(state)) != 0);
    state_ = state;
}

void Request::begin(const nvme::Sqe& command, unsigned on_lane) {
    enter(State::kReceiving);
    static_cast<RequestProgress&>(*this) = {};
    order(IoOrder());
    unwanted = &given_up;
    failed_block.reset();
    given_up.store(false, std::memory_order_relaxed);
    sqe = command;
    lane = on_lane;
}

void Request::end() {
    leave();
    ns.reset();
    enter(State::kFree);
}

void Request::put_aside() {
    judged = false;
    ns.reset();
}

}  // namespace target
