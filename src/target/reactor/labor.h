// SPDX-License-Identifier: GPL-2.0-or-later
//
// Work of milliseconds, such as an exponentiation modulo a large prime, which the thread that moves
// the data of all hosts must not do itself: many unauthenticated hosts that begin authentications
// would stall the authenticated hosts.
//
// Unauthenticated hosts cause it, so it is shared: hosts that have authenticated recently go first,
// except for every fourth piece, and among equals one address goes after the other (fair_order.h).
// Waiting work is bounded by the number of connections, because each waits for at most one piece,
// and it is dropped with its connection.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <unordered_map>

#include "base/alive.h"
#include "base/result.h"
#include "target/reactor/fair_order.h"
#include "target/reactor/reactor.h"
#include "target/reactor/worker_pool.h"

namespace target {

class Labor {
  public:
    using Work = std::function<void()>;
    /// Whose work it is.
    struct Client {
        std::string address;
        bool known = false;  ///< it has authenticated recently
    };
    using Id = FairOrder::Id;

    virtual ~Labor() = default;
    /// Does `work`, perhaps on another thread, and calls `done` on the caller's afterwards, perhaps
    /// before this returns.
    virtual Id start(const Client& client, Work work, Work done) = 0;
    /// Nobody waits for it any more: it is not begun, and no `done` is called. Does nothing once
    /// `done` was called.
    virtual void forget(Id /*id*/) {}
};

/// In the calling thread: for tests, and for callers without a reactor.
class LaborHere final : public Labor {
  public:
    Id start(const Client& /*client*/, Work work, Work done) override {
        work();
        done();
        return 0;
    }
};

/// The waiting work, and which piece is next.
class LaborQueue {
  public:
    /// One piece in this number goes to unknown hosts, even if known hosts wait.
    static constexpr unsigned kShareOfUnknown = 4;

    void add(Labor::Id id, const Labor::Client& client);
    void remove(Labor::Id id);
    [[nodiscard]] bool empty() const { return known_.empty() && unknown_.empty(); }
    [[nodiscard]] size_t size() const { return known_.size() + unknown_.size(); }
    /// The next one, which waits no longer. REQUIRES: !empty()
    Labor::Id take();

  private:
    FairOrder known_;
    FairOrder unknown_;
    unsigned taken_ = 0;
};

/// A separate thread of lower priority. It starts with the first work.
class LaborBeside final : public Labor {
  public:
    /// @param reactor  outlives this object. Errors: no eventfd.
    static base::Result<std::unique_ptr<LaborBeside>> open(Reactor& reactor);
    /// Work that has not begun is dropped, and no further `done` is called.
    ~LaborBeside() override = default;
    LaborBeside(const LaborBeside&) = delete;
    LaborBeside& operator=(const LaborBeside&) = delete;

    Id start(const Client& client, Work work, Work done) override;
    void forget(Id id) override;
    /// Pieces that have not begun.
    [[nodiscard]] size_t waiting() const { return queue_.size(); }

  private:
    /// One runs, and one more is at hand when that has ended.
    static constexpr size_t kHandedOver = 2;
    struct Piece {
        Work work;
        Work done;
        bool begun = false;
    };

    explicit LaborBeside(Reactor& reactor);
    void hand_over();
    void ended(Id id);
    void listen();

    Reactor& reactor_;
    WorkerPool pool_;
    LaborQueue queue_;
    std::unordered_map<Id, Piece> pieces_;
    Id last_id_ = 0;
    size_t handed_over_ = 0;
    bool listening_ = false;
    base::Alive alive_;
};

}  // namespace target
