// SPDX-License-Identifier: GPL-2.0-or-later
//
// How much of each turn of a reactor goes to connections that have proved nothing: a few of them
// continue in a turn, one address after the other, whatever all of them have sent. The thread that
// moves data waits for no more than that.
#pragma once

#include "target/reactor/fair_order.h"
#include "target/reactor/reactor.h"
#include "target/wire/connection.h"

namespace target {

class Pace {
  public:
    /// Connections that continue in one turn. The work of one is bounded by
    /// Connection::kPacedBytes of input and Queue's bounds on output: together below a millisecond.
    static constexpr size_t kEachTurn = 8;

    explicit Pace(Reactor& reactor);

    /// Connection::go_on() is called in this turn or one to come. REQUIRES: it does not wait
    /// already
    void wait(Connection& connection, const std::string& address);
    /// It waits no longer.
    void forget(const Connection& connection);
    [[nodiscard]] size_t waiting() const { return order_.size(); }

  private:
    void let_some_go_on();

    Reactor& reactor_;
    FairOrder order_;
    Timer next_turn_;
};

}  // namespace target
