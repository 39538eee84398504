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

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "base/alive.h"
#include "target/protection/integrity.h"
#include "target/protection/sidecar.h"
#include "target/protection/sidecar_log.h"
#include "target/protection/tuple_room.h"
#include "target/storage/backend.h"
#include "target/storage/range_order.h"

namespace target {

class ProtectedBackend final : public Backend, private SidecarLog::Owner {
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
    static constexpr uint64_t kZeroSlice = SidecarLog::kMostBlocks;

    struct Op;
    /// The half of a request that the store with the data, or the one with the tuples, does.
    struct Part final : Io {
        Op* op = nullptr;
        IoError error = IoError::kNone;
        void done(IoError result) override;
    };
    /// A request. Zeroing goes in slices: it is logged, and written, one after the other.
    struct Op : SidecarLog::Write {
        ProtectedBackend* owner = nullptr;
        Io* io = nullptr;
        uint64_t first = 0;  ///< block
        uint64_t count = 0;
        bool reread = false;
        IntegrityFault fault;  ///< reread: of the first try
        unsigned pending = 0;  ///< parts under way
        RangeOrder::Place* place = nullptr;
        bool data_written = false;  ///< of this slice
        Part data;
        Part meta;
        base::Bytes tuples;
    };
    /// A sync, or zeros into a hole.
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
        kCommit,  ///< the log's
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
    void later(std::function<void()> next);

    // reads
    void read(Op& op);
    void read_done(Op& op);
    void mismatch(Op& op, const nvme::PiMismatch& bad);

    // writes
    void write(Op& op);
    void make_tuples(Op& op);
    void log_write(Op& op);
    void write_data(Op& op);
    void data_written(Op& op);
    void write_done(Op& op);

    // room for tuples
    void make_room(Op& op);
    void has_room(Op& op);
    void fill_holes();
    void hole_filled(IoError error);

    // SidecarLog::Owner
    void on_logged(std::span<SidecarLog::Write* const> writes, IoError error) override;
    void on_committed(IoError error) override { end_flush(error); }
    void on_full() override { begin_flush(); }
    void call_next_turn() override;

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

    SidecarLog log_;

    // flush
    FlushPhase flush_ = FlushPhase::kIdle;
    std::vector<Op*> flush_waiting_;
    std::vector<Op*> flushing_;
    Step flush_step_;

    base::Alive alive_;
};

}  // namespace target
