// SPDX-License-Identifier: GPL-2.0-or-later
//
// The ring log of a sidecar, while it is served: it names what is about to change, so that a crash
// leaves a short list of blocks to compare (sidecar.h has its format). Writes that come together
// share one write of the log. A flush cuts the log: what came before the cut is settled by a
// commit, which makes room in the ring.
//
//     add ─► (room?) ─► batch ─► on_logged ─► the write changes its blocks ─► ended
//     cut ─► is_drained ─► (the stores are synced) ─► commit ─► on_committed ─► end_flush
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <span>
#include <vector>

#include "target/protection/sidecar.h"
#include "target/storage/backend.h"

namespace target {

class SidecarLog {
  public:
    /// Blocks that one write names at most, unless it carries data.
    static constexpr uint64_t kMostBlocks = 16U << 10U;

    /// Blocks that are about to change. It stays where it is from add() to on_logged().
    struct Write {
        uint64_t at = 0;        ///< first block
        uint64_t slice = 0;     ///< blocks
        size_t data_bytes = 0;  ///< that come with it
        unsigned epoch = 0;     ///< the log's: on which side of the last cut it is
    };

    class Owner {
      public:
        /// The log names these: their blocks may change now. Or it could not be written.
        virtual void on_logged(std::span<Write* const> writes, IoError error) = 0;
        /// A commit has ended.
        virtual void on_committed(IoError error) = 0;
        /// Writes wait for room, which a flush makes.
        virtual void on_full() = 0;
        /// Has next_turn() called a little later.
        virtual void call_next_turn() = 0;

      protected:
        ~Owner() = default;
    };

    /// @param sidecar, header, owner  outlive this object
    SidecarLog(Backend& sidecar, const SidecarHeader& header, Owner& owner);
    SidecarLog(const SidecarLog&) = delete;
    SidecarLog& operator=(const SidecarLog&) = delete;

    /// Names a write a little later, when others may have come.
    void add(Write& write);
    void next_turn();
    /// Writes what is to be logged. If that ends at once, and makes more of it possible, this is
    /// called from inside itself: then it continues a little later.
    void pump();
    /// A write that was logged has ended, or was not logged.
    void ended(const Write& write) { --in_flight_[write.epoch]; }

    /// Whether nothing changed since the last commit, nor is about to.
    [[nodiscard]] bool is_settled() const { return last_write_ <= settled_ && waiting_.empty(); }
    /// A flush begins. REQUIRES: none is under way
    void cut();
    /// All writes before the cut have ended.
    [[nodiscard]] bool is_drained() const { return in_flight_[epoch_ ^ 1U] == 0; }
    /// The writes before the cut are on the disk.
    void commit();
    void end_flush() { flushing_ = false; }

    /// The sequence number of the last entry.
    [[nodiscard]] uint64_t head() const { return head_; }

  private:
    struct Step final : Io {
        SidecarLog* log = nullptr;
        void done(IoError result) override { log->done(result); }
    };
    /// Entries on their way into the log.
    struct Batch {
        std::vector<LogEntry> entries;
        size_t written = 0;  ///< of the entries
        bool durable = false;
        bool commits = false;
        uint64_t forgets = 0;  ///< commits: its kForget
    };

    [[nodiscard]] bool has_room() const;
    void append(LogEntry::Kind kind, uint64_t first, uint64_t blocks);
    void append_write(Write& write);
    void append_commit();
    void schedule();
    void fill_batch();
    void write_batch();
    void done(IoError error);

    Backend& sidecar_;
    const SidecarHeader& header_;
    Owner& owner_;
    const uint64_t region_blocks_;
    std::deque<Write*> waiting_;
    std::vector<Write*> logging_;  ///< in the batch under way
    Batch batch_;
    Step step_;
    bool scheduled_ = false;
    bool busy_ = false;  ///< step_ is under way
    bool pumping_ = false;
    bool pump_again_ = false;
    uint64_t head_;
    uint64_t last_write_;                   ///< the last kWrite
    uint64_t settled_;                      ///< as in the last commit
    uint64_t forgotten_;                    ///< as in the last kForget
    uint64_t next_forgotten_;               ///< what the next commit may forget
    std::map<uint64_t, uint64_t> regions_;  ///< marked -> the entry of its last use
    bool flushing_ = false;
    bool commit_wanted_ = false;
    uint64_t cut_ = 0;
    unsigned epoch_ = 0;
    std::array<uint64_t, 2> in_flight_{};  ///< writes that were logged and have not ended
};

}  // namespace target
