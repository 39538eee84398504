// SPDX-License-Identifier: GPL-2.0-or-later
//
// A namespace's bytes in a raw image file or on a block device, through the page cache.
//
// The meaning of "on stable storage": Flush is fdatasync(2), a forced write is RWF_DSYNC, a forced
// Write Zeroes is fallocate(2) and fdatasync(2). The kernel reports a failed write-back once and
// then forgets it, so after one failed fdatasync or forced write nothing is ever called stable
// again: every later Flush and forced write fails until the target is started again, however often
// the file is closed and opened meanwhile.
//
// A file that somebody cut is not made longer by a write, which would put zeros where there was
// data: writes fail, and so do reads behind the cut, until refresh() takes over its size.
//
// The file is locked for as long as it is open (an open file description lock): one target may
// write it, or several may read it.
#pragma once

#include <array>
#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/fd.h"
#include "base/result.h"
#include "target/reactor/reactor.h"
#include "target/storage/backend.h"

namespace target {

/// Which files have failed to sync, for as long as the server runs.
class FailedSyncs {
  public:
    using Flag = std::shared_ptr<std::atomic<bool>>;
    /// Of the file or device behind `fd`.
    Flag of(int fd);

  private:
    /// Device, inode, and when it was made: an inode's number is used again.
    std::map<std::array<uint64_t, 3>, Flag> flags_;
};

class FileBackend final : public Backend {
  public:
    struct Options {
        std::string path;
        bool read_only = false;
        uint32_t block_size = 512;  ///< the size must be a multiple of it
        /// Hears of failed I/O in one sentence, at most once in ten seconds. May be empty.
        std::function<void(const std::string&)> on_trouble;
        bool shared = false;                  ///< others may write it too, if they say the same
        FailedSyncs* failed_syncs = nullptr;  ///< null: nobody remembers for longer than this
    };

    /// Errors: no such file, no permission, neither a file nor a block device, empty, its size is
    /// not a multiple of the block size, a block device in use; EAGAIN: locked by somebody else.
    static base::Result<std::unique_ptr<FileBackend>> open(Reactor& reactor, Options options);

    /// The same file, opened once more for another reactor: the kernel tells each of a failed
    /// write-back, and what one hears all know. Errors: the file, or that another one has its name.
    [[nodiscard]] base::Result<std::unique_ptr<FileBackend>> twin(Reactor& reactor) const;

    [[nodiscard]] uint64_t size_bytes() const override { return size_bytes_; }
    void refresh() override;
    void submit(Io& io) override;

  private:
    /// Whether a way of fallocate(2) works here; it is tried until it was refused once.
    enum Method : uint8_t { kZeroRange, kPunchHole, kMethodCount };
    /// Which reads or writes are tried by the calling thread before the reactor is asked.
    enum class AtOnce : uint8_t {
        kAll,       ///< a file system in memory: there is nothing to wait for
        kIfNoWait,  ///< what RWF_NOWAIT allows: blocks that are in the page cache
        kNone,      ///< the file system does not know RWF_NOWAIT here
    };

    /// The state that twins share about their file.
    struct Shared {
        FailedSyncs::Flag sync_failed;
        /// The least size that was seen, where that is less than it should be.
        std::atomic<uint64_t> cut_at{UINT64_MAX};
    };
    FileBackend(Reactor& reactor, Options options, base::UniqueFd fd, uint64_t size_bytes,
                std::shared_ptr<Shared> shared);

    [[nodiscard]] bool is_cut(const Io& io);
    void note_cut(uint64_t size);

    void move_data(Io& io);
    int move_at_once(const Io& io, base::MutableBytes rest, uint64_t at);
    void moved(Io& io, int result);
    void flush(Io& io);
    void write_zeroes(Io& io);
    void write_zero_pages(Io& io);
    void discard(Io& io);
    void forced_or_done(Io& io);
    void fail(Io& io, int code);

    Reactor& reactor_;
    const Options options_;
    const base::UniqueFd fd_;
    uint64_t size_bytes_;
    AtOnce reads_at_once_;
    AtOnce writes_at_once_;
    std::array<bool, kMethodCount> method_works_{true, true};
    const std::shared_ptr<Shared> shared_;
    std::optional<base::TimePoint> looked_at_;  ///< when its size was asked for last
    base::TimePoint quiet_until_;
};

}  // namespace target
