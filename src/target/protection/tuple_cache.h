// SPDX-License-Identifier: GPL-2.0-or-later
//
// The sidecar with its tuples in memory: a decorator of the store with the sidecar. Reading a block
// that was read or written a moment ago then costs no second system call, and writing one changes
// memory alone; a flush writes what changed, runs of pages at once.
//
// Nothing is lost by writing tuples that late. The log (sidecar.h) names the block of each one
// before it changes, and the name stands until the flush that wrote the tuple has committed: what a
// crash finds unwritten is recomputed, as a tuple was that had not reached the disk.
//
// The memory is bounded. Each page of tuples has one place where it may lie, which it shares with
// others; a page that is in the way goes, after it was written if it has changed.
//
//     place    0 │ 1 │ 2 │ 3        page n lies at place n % places, so neighbours are
//     page     4 │ 1 │ – │ 7        neighbours in memory too
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "target/protection/sidecar.h"
#include "target/storage/backend.h"

namespace target {

class TupleCache final : public Backend {
  public:
    /// The tuples of 1 GiB of 512-byte blocks, or of 8 GiB of 4096-byte blocks.
    static constexpr uint64_t kDefaultBytes = uint64_t{16} << 20U;

    /// @param tuple_offset  where the tuples begin; what is before is not remembered
    /// @param bytes  of memory, taken as it is used; at least one page
    TupleCache(std::unique_ptr<Backend> below, uint64_t tuple_offset,
               uint64_t bytes = kDefaultBytes);
    ~TupleCache() override;

    [[nodiscard]] uint64_t size_bytes() const override { return below_->size_bytes(); }
    void refresh() override { below_->refresh(); }
    /// Brings what memory holds for `io` into the processor's cache.
    void expect(const Io& io) override;
    /// REQUIRES: kRead, kWrite without force_unit_access, and one kFlush at a time; kWriteZeroes
    /// where there are zeros, and have not been changed; anything else before the tuples only.
    void submit(Io& io) override;

    /// Writes what has changed, without a sync. REQUIRES: nothing is under way
    /// @param sidecar  the file below
    base::Status write_back(ByteStore& sidecar);

  private:
    struct Place {
        enum class State : uint8_t {
            kEmpty,
            kLoading,
            kReady,
            kWriting,  ///< may be read, but not changed
        };
        uint64_t page = 0;
        State state = State::kEmpty;
        bool changed = false;  ///< since it was read or written out
        bool flush_waits = false;
        bool serving = false;            ///< those that wait
        bool error_is_of_page = false;   ///< that did not come, not of one that did not go
        IoError error = IoError::kNone;  ///< of the last move
        Io* first_waiting = nullptr;
        Io* last_waiting = nullptr;
    };
    /// Pages on their way between memory and the store.
    struct Move final : Io {
        TupleCache* owner = nullptr;
        size_t first = 0;  ///< place
        size_t count = 0;
        void done(IoError error) override { owner->moved(*this, error); }
    };

    [[nodiscard]] uint64_t page_of(const Io& io) const;
    [[nodiscard]] size_t page_bytes(uint64_t page) const;
    [[nodiscard]] base::MutableBytes memory_of(size_t place, size_t bytes) const;

    // requests
    void advance(Io& io);
    bool make_ready(size_t place, Io& io, bool whole_page);
    [[nodiscard]] bool forget(const Io& io);
    [[nodiscard]] static bool is_busy(const Place& place) {
        return place.state == Place::State::kLoading || place.state == Place::State::kWriting;
    }
    static void enqueue(Place& place, Io& io);

    // pages
    [[nodiscard]] size_t run_length(size_t place) const;
    void move(Io::Kind kind, size_t first, size_t count);
    void moved(Move& move, IoError error);
    void settle(Place& place, Io::Kind kind, IoError error);

    void continue_flush();

    std::unique_ptr<Backend> below_;
    const uint64_t tuple_offset_;
    std::vector<Place> places_;
    std::unique_ptr<std::byte[]> memory_;
    std::vector<std::unique_ptr<Move>> moves_;
    std::vector<Move*> free_;

    Io* flush_ = nullptr;
    size_t flush_at_ = 0;  ///< the next place to look at
    size_t flush_waits_ = 0;
    bool continuing_ = false;
    IoError flush_error_ = IoError::kNone;
};

}  // namespace target
