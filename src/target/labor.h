// SPDX-License-Identifier: GPL-2.0-or-later
//
// Work of milliseconds, such as an exponentiation modulo a large prime, which the thread that moves
// everybody's data must not do itself: a crowd of strangers that begin authentications would stall
// the hosts that have proved themselves.
#pragma once

#include <functional>
#include <memory>

#include "base/result.h"
#include "target/reactor.h"
#include "target/worker_pool.h"

namespace target {

class Labor {
  public:
    using Work = std::function<void()>;

    virtual ~Labor() = default;
    /// Does `work`, perhaps on another thread, and calls `done` on the caller's afterwards, perhaps
    /// before this returns.
    virtual void start(Work work, Work done) = 0;
};

/// Here and now: for tests, and for whoever has no reactor.
class LaborHere final : public Labor {
  public:
    void start(Work work, Work done) override {
        work();
        done();
    }
};

/// A thread beside a reactor, of lower priority. It starts with the first work.
class LaborBeside final : public Labor {
  public:
    /// @param reactor  outlives this object. Errors: no eventfd.
    static base::Result<std::unique_ptr<LaborBeside>> open(Reactor& reactor);
    /// What has not begun is not done, and no `done` is called any more.
    ~LaborBeside() override;
    LaborBeside(const LaborBeside&) = delete;
    LaborBeside& operator=(const LaborBeside&) = delete;

    void start(Work work, Work done) override;

  private:
    explicit LaborBeside(Reactor& reactor);
    void listen();

    Reactor& reactor_;
    WorkerPool pool_;
    size_t under_way_ = 0;
    bool listening_ = false;
    std::shared_ptr<bool> alive_;  ///< false once this is gone: for what the reactor still holds
};

}  // namespace target
