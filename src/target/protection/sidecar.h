// SPDX-License-Identifier: GPL-2.0-or-later
//
// The sidecar of an image: a file with the protection information of each of its blocks. The image
// stays a plain raw file that every tool can read.
//
//   0     header, slot A ┐ one page each; the valid one with the higher sequence counts, so a torn
//   4096  header, slot B ┘ header leaves the one before
//   8192  log: a ring of 32-byte entries, each with its own sequence number and CRC
//         tuples: block n's lies at tuple_offset + n * tuple_bytes
//
// Data and tuple lie in two files and no disk writes both at once. The log makes the pair whole
// again after a crash without ever taking a crash for corruption or hiding one behind it:
//
//   write   1 log "write b…"       before the data, in the page cache; and, the first time in a
//             log "region r"       while, on stable storage before the data: 1 MiB regions
//           2 data; then the tuple, in memory at first (tuple_cache.h)
//   flush   1 write those tuples, sync sidecar  2 sync image
//           3 log "commit s", on stable storage; then it is answered
//
// A block named by no entry behind the last commit was last written by something that was flushed:
// its data must match its tuple, whatever the crash was, and a mismatch is corruption. Only a block
// that is named has no promise given about it (its write was never flushed: old, new and torn are
// all allowed); its tuple is recomputed from the image. The log names blocks, not
// regions, so a flushed block next door to a block being written stays provable.
//
// After a crash of the server alone (same boot of the machine) the page cache kept the order and
// the log is complete. After a power cut, entries that were not synced may be missing although
// their data was written back; such a block lies in a marked region and mismatches. It cannot be
// told from corruption by anyone, so it is not told by guessing: the tuple is recomputed (a host
// must be able to read what it was writing when the power went), and the block is counted and
// named as `unproven`. While a sync of the image is under way, the one time when data is known to
// overtake, entries are synced before their data, so that this stays the rare case.
//
// Numbers are little endian, tuples as in nvme/pi.h.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/fd.h"
#include "base/result.h"
#include "nvme/pi.h"

namespace target {

/// Bytes that are read and written at once: files for the programs, memory for the tests that cut
/// the power.
class ByteStore {
  public:
    virtual ~ByteStore() = default;
    /// Errors: I/O, the end of the store.
    virtual base::Status read(uint64_t offset, base::MutableBytes into) = 0;
    virtual base::Status write(uint64_t offset, base::ByteView from) = 0;
    virtual base::Status sync() = 0;
};

class FileStore final : public ByteStore {
  public:
    /// @param fd  borrowed
    explicit FileStore(int fd) : fd_(fd) {}
    base::Status read(uint64_t offset, base::MutableBytes into) override;
    base::Status write(uint64_t offset, base::ByteView from) override;
    base::Status sync() override;

  private:
    int fd_;
};

using Id16 = std::array<uint8_t, 16>;

/// Tells one file from another and from its own past: what is compared when a sidecar that was
/// closed cleanly is opened again.
struct ImageStamp {
    nvme::le64 device;
    nvme::le64 inode;
    nvme::le64 modified_ns;
    bool operator==(const ImageStamp& other) const;
};

struct SidecarHeader {
    enum State : uint8_t {
        kBuilding = 1,  ///< blocks from `built` on have no tuples yet
        kClean = 2,     ///< closed cleanly: the log says nothing
        kInUse = 3,     ///< somebody writes, or crashed
    };
    static constexpr std::array<char, 16> kMagic = {'n', 'v', 'm', 'e', 'r', 'o', 'o', 't',
                                                    ' ', 't', 'u', 'p', 'l', 'e', 's', '\n'};
    static constexpr uint32_t kVersion = 1;
    static constexpr uint8_t kHostTags = 1;  ///< hosts brought tuples of their own, right or not

    std::array<char, 16> magic = kMagic;
    nvme::le32 version = kVersion;
    nvme::le32 block_bytes;
    nvme::le64 blocks;
    uint8_t type = 1;  ///< of protection: 1 to 3
    uint8_t guard_bits = 16;
    uint8_t state = kBuilding;
    uint8_t flags = 0;
    nvme::Reserved<4> reserved36{};
    nvme::le64 sequence;    ///< of the header: the slot with the higher one counts
    nvme::le64 generation;  ///< how often tuples were made other than by a write
    Id16 pair{};            ///< random; entries of the log carry its first four bytes
    nvme::le64 log_offset;
    nvme::le64 log_entries;
    nvme::le64 tuple_offset;
    nvme::le64 built;      ///< kBuilding: blocks that have tuples
    nvme::le64 committed;  ///< entries up to this sequence number mean nothing any more
    nvme::le64 unproven;   ///< blocks, ever since the sidecar was made
    ImageStamp stamp;
    Id16 boot{};  ///< of the machine, when it was opened for writing
    nvme::Reserved<3932> reserved160{};
    nvme::le32 crc;  ///< CRC-32C of all before
};
static_assert(sizeof(SidecarHeader) == 4096 && offsetof(SidecarHeader, sequence) == 40 &&
              offsetof(SidecarHeader, boot) == 144 && offsetof(SidecarHeader, crc) == 4092);

struct LogEntry {
    enum Kind : uint8_t {
        kWrite = 1,   ///< these blocks are about to be written
        kRegion = 2,  ///< so is something in the regions of these blocks
        kCommit = 3,  ///< what the writes up to entry `first` wrote is on stable storage
        kForget = 4,  ///< regions marked up to entry `first` are not marked any more
    };

    nvme::le64 sequence;  ///< from 1 on; its place in the ring is sequence % entries
    nvme::le64 first;     ///< a block, or a sequence number
    nvme::le32 blocks;
    uint8_t kind = 0;
    nvme::Reserved<3> reserved21{};
    nvme::le32 pair;  ///< the beginning of the header's
    nvme::le32 crc;   ///< CRC-32C of all before
};
static_assert(sizeof(LogEntry) == 32);

LogEntry make_entry(const SidecarHeader& header, uint64_t sequence, LogEntry::Kind kind,
                    uint64_t first, uint32_t blocks);
/// Whether the entry belongs to this sidecar and to place `slot` of its ring.
bool is_entry(const SidecarHeader& header, const LogEntry& entry, uint64_t slot);

constexpr uint64_t kRegionBytes = uint64_t{1} << 20U;
constexpr uint64_t kSidecarPage = 4096;
constexpr uint64_t kMinLogEntries = 1024;
constexpr uint64_t kDefaultLogEntries = 128U << 10U;

/// Blocks with tuples only: metadata of the tuple's size in a buffer of its own.
nvme::PiFormat format_of(const SidecarHeader& header);
uint64_t sidecar_bytes(const SidecarHeader& header);

/// A fresh header, state kBuilding. REQUIRES: a format with a type, 512 or 4096 byte blocks
SidecarHeader new_header(const nvme::PiFormat& format, uint64_t blocks, const Id16& pair,
                         uint64_t log_entries = kDefaultLogEntries);

/// Errors, each a sentence: no sidecar, both slots damaged, a version that is not known, fields
/// that contradict each other, a file of `size` bytes too short.
base::Result<SidecarHeader> read_header(ByteStore& sidecar, uint64_t size);
/// Whether an image of so many bytes can be the one. Errors: another size, an unfinished sidecar.
base::Status check_pair(const SidecarHeader& header, uint64_t image_bytes);
/// Raises the sequence, writes the slot whose turn it is, and syncs.
base::Status write_header(ByteStore& sidecar, SidecarHeader& header);

/// `IMAGE.pi`
std::string sidecar_path(const std::string& image);
ImageStamp stamp_of(int image);
Id16 boot_of_machine();
Id16 random_id();

/// The findings and actions of a recovery.
struct Recovery {
    bool replayed = false;           ///< the sidecar was not closed cleanly
    bool power_cut = false;          ///< and the machine was restarted since
    uint64_t unsettled = 0;          ///< blocks whose last write was not flushed
    uint64_t repaired = 0;           ///< of those, blocks whose tuple was recomputed
    std::vector<uint64_t> unproven;  ///< LBAs; at most kUnprovenListed of them
    uint64_t unproven_count = 0;
    static constexpr size_t kUnprovenListed = 64;
};

/// Makes image and sidecar a pair again and marks the sidecar kInUse. The header is written before
/// this returns.
/// @param boot  of the machine that runs now
/// REQUIRES: check_pair(). Errors: I/O
base::Result<Recovery> recover(ByteStore& image, ByteStore& sidecar, SidecarHeader& header,
                               const Id16& boot);

/// Looks at blocks all over the image. @return how many of `looked_at` do not match
struct Sample {
    uint64_t looked_at = 0;
    uint64_t wrong = 0;
    /// More than chance corruption: these two files do not belong together.
    [[nodiscard]] bool strangers() const { return wrong * 4 > looked_at; }
};
base::Result<Sample> sample_pair(ByteStore& image, ByteStore& sidecar, const SidecarHeader& header);

/// The checks that a block at rest must pass.
nvme::PiChecks checks_at_rest(const SidecarHeader& header);
inline nvme::PiTags tags_at_rest(uint64_t block) {
    return {.ref_tag = block};
}

}  // namespace target
