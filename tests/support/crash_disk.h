// SPDX-License-Identifier: GPL-2.0-or-later
//
// Files in memory that remember every write and every sync, so that the machine can be stopped at
// any of them and looked at: as a killed process leaves them (all writes, in order), and as a power
// cut leaves them (what was not synced is there or not, sector by sector).
#pragma once

#include <random>
#include <vector>

#include "target/protection/sidecar.h"
#include "target/storage/backend.h"

namespace support {

/// The operations on all files of a machine, in order.
class CrashDisk {
  public:
    static constexpr size_t kSector = 512;

    /// @return the number of a new file of zeros
    size_t add_file(size_t bytes);
    [[nodiscard]] base::Bytes& now(size_t file) { return files_[file].content; }

    /// The current contents are the start of the story.
    void begin();
    void write(size_t file, uint64_t offset, base::ByteView bytes, bool durable);
    void sync(size_t file);

    /// Moments at which the machine may stop: 0 to this.
    [[nodiscard]] size_t moments() const { return events_.size(); }

  private:
    friend class CrashReplay;
    struct File {
        base::Bytes content;
        base::Bytes at_begin;
    };
    struct Event {
        size_t file = 0;
        bool is_sync = false;
        bool durable = false;
        uint64_t offset = 0;
        base::Bytes bytes;
    };

    std::vector<File> files_;
    std::vector<Event> events_;
};

/// The same story once more, one moment after the other, with what a stop leaves of each file then.
class CrashReplay {
  public:
    /// At moment 0. @param disk  must not change any more
    explicit CrashReplay(const CrashDisk& disk);
    /// REQUIRES: moment() < disk.moments()
    void advance();
    [[nodiscard]] size_t moment() const { return moment_; }
    /// A file as the page cache has it.
    [[nodiscard]] const base::Bytes& killed(size_t file) const { return files_[file].cached; }
    /// A file after a power cut: of what was not synced, each sector survived or did not.
    void power_cut(size_t file, std::mt19937& random, base::Bytes& content) const;

  private:
    struct File {
        base::Bytes cached;
        base::Bytes synced;
        std::vector<size_t> since;  ///< events
    };

    const CrashDisk& disk_;
    std::vector<File> files_;
    size_t moment_ = 0;
};

/// A file of a CrashDisk as a store. Operations complete when the test decides, in any order.
class CrashBackend final : public target::Backend {
  public:
    struct Held {
        CrashBackend* backend;
        target::Io* io;
    };
    CrashBackend(CrashDisk& disk, size_t file, std::vector<Held>& held)
        : disk_(disk), file_(file), held_(held) {}

    [[nodiscard]] uint64_t size_bytes() const override { return disk_.now(file_).size(); }
    void submit(target::Io& io) override { held_.push_back({this, &io}); }
    /// Does what `held` asks for, and says so.
    static void settle(Held held);

  private:
    void perform(target::Io& io);

    CrashDisk& disk_;
    size_t file_;
    std::vector<Held>& held_;
};

/// Bytes in memory for recovery and image commands.
class MemoryStore final : public target::ByteStore {
  public:
    explicit MemoryStore(base::Bytes bytes) : content(std::move(bytes)) {}
    base::Status read(uint64_t offset, base::MutableBytes into) override;
    base::Status write(uint64_t offset, base::ByteView from) override;
    base::Status sync() override { return base::done(); }

    base::Bytes content;
};

}  // namespace support
