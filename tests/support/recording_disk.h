// SPDX-License-Identifier: GPL-2.0-or-later
//
// A disk whose power may fail at any moment, as the reactor under a FileBackend: it takes the
// writes, allocations and syncs that the real backend makes, keeps their data in memory, and knows
// of each sector what a power cut now may leave there. The test says when each operation ends.
//
//     write starts ─► may be there ─► write ends ─► may be there ── sync starts ── sync ends ─► is
//                                    (RWF_DSYNC: is there)
#pragma once

#include <cstdlib>
#include <deque>
#include <functional>
#include <map>
#include <random>
#include <vector>

#include "target/reactor/reactor.h"

namespace support {

class RecordingDisk final : public target::Reactor {
  public:
    static constexpr size_t kSector = 512;

    explicit RecordingDisk(size_t bytes) : cached_(bytes), stable_(bytes) {}

    /// Called after each change of what a power cut would leave.
    std::function<void()> on_moment = [] {};
    /// fallocate(2) works; else it answers EOPNOTSUPP.
    bool can_allocate = true;
    /// Syncs fail from now on, and what they were to write is lost, as after a failed write-back.
    bool sync_fails = false;
    /// How writes with RWF_DSYNC fail from now on: an errno. 0: they do not.
    int forced_writes_fail = 0;

    [[nodiscard]] size_t pending() const { return pending_.size(); }
    /// Ends one of the operations under way.
    void finish(size_t index);
    /// The content of one sector after a power failure now: the oldest content that is possible…
    [[nodiscard]] base::ByteView oldest(size_t sector) const {
        return std::span(stable_).subspan(sector * kSector, kSector);
    }
    /// …or any other.
    [[nodiscard]] base::ByteView any(size_t sector, std::minstd_rand& random) const;
    [[nodiscard]] base::ByteView cached(size_t sector) const {
        return std::span(cached_).subspan(sector * kSector, kSector);
    }

    // Reactor
    [[nodiscard]] std::string_view engine() const override { return "recording"; }
    void read(int fd, base::MutableBytes into, uint64_t offset, target::IoDone done) override;
    void write(int fd, base::ByteView from, uint64_t offset, bool durable,
               target::IoDone done) override;
    void sync(int fd, target::IoDone done) override;
    void allocate(int fd, int mode, uint64_t offset, uint64_t length, target::IoDone done) override;
    // No sockets here.
    void accept(int, target::IoDone) override { std::abort(); }
    void connect(int, base::ByteView, target::IoDone) override { std::abort(); }
    void receive(int, base::MutableBytes, target::IoDone) override { std::abort(); }
    void send(int, std::span<const iovec>, target::IoDone) override { std::abort(); }
    void wait_readable(int, target::IoDone) override { std::abort(); }
    void release(int) override {}

  private:
    using Id = uint64_t;
    struct Operation {
        target::IoDone done;
        int result = 0;
        Id id = 0;
        bool stable_when_done = false;  ///< a write with RWF_DSYNC, a sync
        std::vector<Id> covers;         ///< of a sync: writes that had ended before
    };
    struct Possible {
        Id id;
        base::Bytes content;
    };

    void wait(const base::TimePoint*) override { std::abort(); }
    [[nodiscard]] bool can_do_now() const override { return false; }
    void start(target::IoDone done, int result, Id id, bool durable);
    void put(Id id, base::ByteView bytes, uint64_t offset);
    void settle(const std::vector<Id>& writes);

    base::Bytes cached_;
    base::Bytes stable_;
    std::map<size_t, std::deque<Possible>> possible_;  ///< of a sector, oldest first
    std::deque<Operation> pending_;
    std::vector<Id> ended_;  ///< writes that have ended and no sync has covered
    Id next_id_ = 1;
    std::minstd_rand random_{7};
};

}  // namespace support
