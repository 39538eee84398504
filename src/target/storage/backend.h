// SPDX-License-Identifier: GPL-2.0-or-later
//
// The store of a namespace's bytes. One small interface, so that a store (file, memory) and a
// decorator around one (protection, overlay, faults) look alike:
//
//     namespace -> protected( overlay( file ) ) -> reactor
//
// Work is submitted as an Io, which its maker owns and embeds in whatever it needs when the answer
// comes. Nothing is allocated for an Io on the way, and a reactor may use its address as the tag of
// a kernel request.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>

#include "base/bytes.h"

namespace nvme {
struct PiCommand;
}

namespace target {

class Integrity;

/// Why a backend could not do what it was asked.
enum class IoError : uint8_t {
    kNone,         ///< done
    kMedium,       ///< the store failed (EIO and everything without a better name)
    kNoSpace,      ///< the store is full
    kReadOnly,     ///< the store cannot be written
    kUnsupported,  ///< the store does not know this kind of Io
    kUnwanted,     ///< not begun, because nobody wanted it any more
    kGuard,        ///< protection information: the guard does not match the data; likewise below
    kAppTag,
    kStorageTag,
    kRefTag,
};

inline bool is_mismatch(IoError error) {
    return error >= IoError::kGuard;
}

/// A request to a backend.
struct IoOrder {
    enum class Kind : uint8_t {
        kRead,         ///< fills all of `data`
        kWrite,        ///< writes all of `data`, which is not changed
        kFlush,        ///< everything acknowledged before is on stable storage when this is done
        kWriteZeroes,  ///< `length` bytes read as zero afterwards
        kDiscard,      ///< a hint: what `length` bytes hold is not needed; they may read as before
    };

    Kind kind = Kind::kRead;
    bool force_unit_access = false;  ///< kWrite, kWriteZeroes: on stable storage when done
    bool may_deallocate = false;     ///< kWriteZeroes: the space may be given back
    uint64_t offset = 0;             ///< bytes from the start of the store
    uint64_t length = 0;             ///< bytes; data.size() for kRead and kWrite, 0 for kFlush
    base::MutableBytes data;         ///< kRead, kWrite
    bool from_medium = false;        ///< kRead: past what memory remembers, where that can be had
    /// Null, or becomes true, on any thread, when nobody minds any more whether this is done: what
    /// has to wait for others then need not be begun.
    const std::atomic<bool>* unwanted = nullptr;

    /// For a store with protection information: kRead, kWrite and kWriteZeroes. Without a command
    /// the store makes the tuples itself, or checks all of them.
    const nvme::PiCommand* protection = nullptr;
    /// One after the other. kRead: filled, unless empty. kWrite: stored as they are; empty: made.
    base::MutableBytes tuples;
};

/// One piece of work for a backend. From submit() until done() the object and the memory of `data`
/// belong to the backend: neither is moved, changed or freed.
class Io : public IoOrder {
  public:
    /// Called exactly once for each submit(), at any later time or inside submit() itself. It may
    /// submit again, this Io too.
    virtual void done(IoError error) = 0;

    /// The same order, for a decorator that sends an Io of its own.
    void order(const IoOrder& order) { static_cast<IoOrder&>(*this) = order; }

    /// Set with a mismatch: the block where it is, counted from the start of the store.
    std::optional<uint64_t> failed_block;

    /// For the backend that holds the Io: bytes done of a request that is served in parts, and a
    /// link for a waiting list. Meaningless outside submit()..done().
    uint64_t progress = 0;
    Io* next = nullptr;

  protected:
    ~Io() = default;
};

class Backend {
  public:
    virtual ~Backend() = default;

    /// The size of the store; changes in refresh() alone.
    [[nodiscard]] virtual uint64_t size_bytes() const = 0;

    /// Looks at the size of the store again. A size that cannot be served leaves the old one. A
    /// decorator passes it on.
    virtual void refresh() {}

    /// The protection information of a store; null: it has none.
    [[nodiscard]] virtual Integrity* integrity() { return nullptr; }

    /// The backend to submit to on a lane (lane.h); it lives as long as this backend.
    [[nodiscard]] virtual Backend& at(unsigned /*lane*/) { return *this; }

    /// A hint: `io` will be submitted within microseconds, once something else was.
    virtual void expect(const Io& /*io*/) {}

    /// Starts `io`. REQUIRES: offset + length <= size_bytes() (checked by the namespace), no other
    /// submit() of the same object under way. The backend outlives each Io it holds.
    virtual void submit(Io& io) = 0;
};

}  // namespace target
