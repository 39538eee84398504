// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/wire/pace.h"

namespace target {

Pace::Pace(Reactor& reactor)
    : reactor_(reactor), next_turn_(reactor, [this] { let_some_go_on(); }) {}

void Pace::wait(Connection& connection, const std::string& address) {
    order_.add(reinterpret_cast<FairOrder::Id>(&connection), address);
    if (!next_turn_.armed()) {
        next_turn_.set(reactor_.now());
    }
}

void Pace::forget(const Connection& connection) {
    order_.remove(reinterpret_cast<FairOrder::Id>(&connection));
}

void Pace::let_some_go_on() {
    for (size_t i = 0; i < kEachTurn; ++i) {
        const auto id = order_.next();
        if (!id) {
            return;
        }
        order_.remove(*id);
        reinterpret_cast<Connection*>(*id)->go_on();
    }
    if (!order_.empty()) {
        next_turn_.set(reactor_.now());
    }
}

}  // namespace target
