// SPDX-License-Identifier: GPL-2.0-or-later
//
// Several reactors: a thread for each, in addition to the calling thread, which is control from
// then on. lane.h and turns.h describe which thread runs and touches what.
#pragma once

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "base/result.h"
#include "target/reactor/lane.h"
#include "target/reactor/reactor.h"
#include "target/reactor/turns.h"
#include "target/wire/connection.h"

namespace target {

/// A lane that a reactor runs.
class ReactorLane final : public Lane {
  public:
    ReactorLane(unsigned number, Reactor& reactor) : Lane(number), reactor_(reactor) {}
    [[nodiscard]] bool here() const override { return reactor_.here(); }
    void post(std::function<void()> action) override { reactor_.post(std::move(action)); }
    void defer(std::function<void()> action) override { reactor_.defer(std::move(action)); }

  private:
    Reactor& reactor_;
};

class Crew {
  public:
    /// Starts `count` reactors of the engine that `control` has, which stay awake for peers as it
    /// did: it does not do that any more. REQUIRES: `control` does not run, and outlives the crew.
    /// Errors: a reactor.
    static base::Result<std::unique_ptr<Crew>> start(Reactor& control, size_t count);
    /// REQUIRES: halt() was called, or nothing was ever posted to a lane.
    ~Crew();
    Crew(const Crew&) = delete;
    Crew& operator=(const Crew&) = delete;

    /// Waits until no reactor runs any more. They still exist, for owners that have to release
    /// them, and what they had to do for each other is done. REQUIRES: nobody is connected, and
    /// `control` does not run.
    void halt();

    [[nodiscard]] size_t size() const { return members_.size(); }
    [[nodiscard]] ReactorLane& control() { return control_lane_; }
    /// @param number  from 1 on
    [[nodiscard]] ReactorLane& lane(unsigned number) { return *members_[number - 1]->lane; }
    [[nodiscard]] Reactor& reactor(unsigned number) {
        return number == 0 ? control_ : *members_[number - 1]->reactor;
    }
    /// The place of the connections that lane `number` runs.
    [[nodiscard]] Connection::Home home(unsigned number) {
        return {reactor(number), lane(number), members_[number - 1]->scratch};
    }
    /// The operations in progress, of disks and of lanes for each other.
    [[nodiscard]] size_t in_flight() const;

  private:
    enum Phase : int { kOpening, kOpen, kFailed, kHalted, kLeaving };

    struct Member {
        std::thread thread;
        std::atomic<int> phase = kOpening;
        base::Error error{};
        std::unique_ptr<Reactor> reactor;  ///< made and destroyed by the thread
        std::unique_ptr<ReactorLane> lane;
        std::vector<std::byte> scratch;
    };

    Crew(Reactor& control, size_t count);
    void serve(size_t index, Reactor::Engine engine, std::chrono::microseconds busy_poll);

    Reactor& control_;
    ReactorLane control_lane_;
    base::SystemClock clock_;
    Turns turns_;
    std::vector<std::unique_ptr<Member>> members_;
};

}  // namespace target
