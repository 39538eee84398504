// SPDX-License-Identifier: GPL-2.0-or-later
//
// A store whose every block is proved on its way through: a decorator of the store with the data
// and of the one with the sidecar (sidecar.h, which says why the order is this one).
//
//   write  tuples from the buffer that the host's data arrived in ─► log ─► data ─► tuples
//          (writes that come together share one write of the log; data that could not be written
//          leaves the old tuples)
//   read   data into the buffer that leaves for the host, and tuples ─► compared there
//                 └─ mismatch: both once more, from the medium ─► good: a transient fault, counted
//                                                               └► bad: the command fails
//
// Requests whose blocks overlap wait for each other (range_order.h), else a read could meet a block
// and the tuple of its successor. Waiting requests continue from a loop, however deep the call
// that completed the other one, and a piece at a time. Any store can stand below, an overlay too:
// block n's tuple belongs to what the store below answers for block n.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <vector>

#include "base/alive.h"
#include "target/protection/integrity.h"
#include "target/protection/sidecar.h"
#include "target/protection/tuple_room.h"
#include "target/storage/backend.h"
#include "target/storage/range_order.h"

namespace target {

class ProtectedBackend final : public Backend {
  public:
    /// Calls what it is given a little later, so that writes that come together share one write of
    /// the log, and the thread does what else it has to do between two pieces of a long work.
    using Defer = std::function<void(std::function<void()>)>;

    /// @param header  as recover() left it; its image is `data`
    /// @param told  see Integrity. @param room  what the tuples lack
    ProtectedBackend(std::unique_ptr<Backend> data, std::unique_ptr<Backend> sidecar,
                     const SidecarHeader& header, std::function<void(const IntegrityFault&)> told,
                     Defer defer, TupleRoom room = {});
    ~ProtectedBackend() override;

    [[nodiscard]] uint64_t size_bytes() const override;
    void submit(Io& io) override;

    [[nodiscard]] Integrity* integrity() override { return &integrity_; }
    [[nodiscard]] const SidecarHeader& header() const { return header_; }
    [[nodiscard]] bool idle() const {
        return order_.empty() && flushed_.empty() && flush_ == FlushPhase::kIdle;
    }

    /// Marks the sidecar as closed cleanly. REQUIRES: idle(), and nothing is submitted any more
    /// @param image, sidecar  the files below, @param stamp of the image
    base::Status close(ByteStore& image, ByteStore& sidecar,
                       const std::function<ImageStamp()>& stamp);

  private:
    /// Blocks that are zeroed at a time: their tuples take 128 or 256 KiB.
    static constexpr uint64_t kZeroSlice = 16U << 10U;

    struct Op;
    /// The half of a request that the store with the data, or the one with the tuples, does.
    struct Part final : Io {
        Op* op = nullptr;
        IoError error = IoError::kNone;
        void done(IoError result) override;
    };
    struct Op {
        ProtectedBackend* owner = nullptr;
        Io* io = nullptr;
        uint64_t first = 0;  ///< block
        uint64_t count = 0;
        uint64_t at = 0;     ///< zeroing goes in slices: the first block of this one
        uint64_t slice = 0;  ///< and its blocks
        bool reread = false;
        IntegrityFault fault;  ///< reread: of the first try
        unsigned epoch = 0;
        unsigned pending = 0;  ///< parts under way
        RangeOrder::Place* place = nullptr;
        bool data_written = false;  ///< of this slice
        Part data;
        Part meta;
        base::Bytes tuples;
    };
    /// Entries on their way into the log, or a sync.
    struct Step final : Io {
        ProtectedBackend* owner = nullptr;
        void (ProtectedBackend::*next)(IoError error) = nullptr;
        void done(IoError result) override { (owner->*next)(result); }
    };

    enum class FlushPhase : uint8_t {
        kIdle,
        kDataOnly,  ///< nothing was written since the last one
        kDraining,  ///< writes that began before the cut
        kSidecar,   ///< their log entries and tuples are being synced
        kData,
        kCommit,      ///< wanted, waits for the log
        kCommitting,  ///< in the batch under way
    };

    // requests
    Op& new_op(Io& io);
    void start(Op& op);
    void finish(Op& op, IoError error);
    void proceed();
    bool step();
    void take_step(const Op& op);
    void next_turn();
    void part_done(Op& op);
    void go_on(Op& op);
    /// Calls `next` a little later, unless this is gone by then.
    void later(void (ProtectedBackend::*next)());

    // reads
    void read(Op& op);
    void read_done(Op& op);
    [[nodiscard]] bool matches_itself(const Op& op) const;
    void mismatch(Op& op, const nvme::PiMismatch& bad);

    // writes
    void write(Op& op);
    void make_tuples(Op& op);
    void log_write(Op& op);
    void write_data(Op& op);
    void data_written(Op& op);
    void write_tuples(Op& op);
    void write_done(Op& op);

    // room for tuples
    void make_room(Op& op);
    void has_room(Op& op);
    void fill_holes();
    void hole_filled(IoError error);

    // log
    [[nodiscard]] bool log_has_room() const;
    void append(LogEntry::Kind kind, uint64_t first, uint64_t blocks);
    void append_write(Op& op);
    void append_commit();
    void schedule_log();
    void write_log();
    void pump_log();
    void fill_batch();
    void write_batch();
    void log_done(IoError error);

    // flush: sync the sidecar, sync the data, commit
    void want_flush(Op& op);
    void begin_flush();
    void drained();
    void flush_step(FlushPhase phase, Backend& backend);
    void flush_step_done(IoError error);
    void end_flush(IoError error);

    std::unique_ptr<Backend> data_;
    std::unique_ptr<Backend> sidecar_;
    SidecarHeader header_;
    nvme::PiFormat format_;
    Integrity integrity_;

    std::vector<std::unique_ptr<Op>> ops_;
    std::vector<Op*> free_;
    RangeOrder order_;  ///< of those that are not flushes

    Defer defer_;

    // what may continue, now or in a turn to come
    std::deque<Op*> arrived_;                      ///< whose parts are done
    std::deque<std::pair<Op*, IoError>> flushed_;  ///< that have waited for a flush
    size_t steps_left_;                            ///< in this turn
    bool proceeding_ = false;

    // room for tuples
    TupleRoom room_;
    std::deque<Op*> roomless_;
    Step room_step_;
    bool filling_ = false;  ///< room_step_ is under way
    bool in_fill_holes_ = false;

    // the log
    bool log_scheduled_ = false;
    std::deque<Op*> unlogged_;
    std::vector<Op*> logging_;  ///< in the batch under way
    std::vector<LogEntry> batch_;
    size_t batch_written_ = 0;
    bool batch_durable_ = false;
    bool batch_commits_ = false;
    uint64_t batch_forgets_ = 0;  ///< batch_commits_: its kForget
    bool log_busy_ = false;
    bool pumping_ = false;
    bool pump_again_ = false;
    Step log_step_;
    uint64_t head_;                         ///< sequence number of the last entry
    uint64_t last_write_;                   ///< the last kWrite
    uint64_t settled_;                      ///< as in the last commit
    uint64_t forgotten_;                    ///< as in the last kForget
    uint64_t next_forgotten_;               ///< what the next commit may forget
    std::map<uint64_t, uint64_t> regions_;  ///< marked -> the entry of its last use

    // flush
    FlushPhase flush_ = FlushPhase::kIdle;
    std::vector<Op*> flush_waiting_;
    std::vector<Op*> flushing_;
    Step flush_step_;
    uint64_t cut_ = 0;
    unsigned epoch_ = 0;
    std::array<uint64_t, 2> in_flight_{};

    base::Alive alive_;
};

}  // namespace target
