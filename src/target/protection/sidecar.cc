// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/protection/sidecar.h"

#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <limits>

#include "base/text.h"
#include "nvme/crc.h"
#include "nvme/nqn.h"

namespace target {
namespace {

constexpr uint64_t kHeaderSlots = 2;
constexpr uint64_t kChunkBytes = uint64_t{1} << 20U;

template <class Wire>
uint32_t crc_of(const Wire& wire) {
    return nvme::crc32c(base::bytes_of(wire).first(sizeof wire - sizeof(nvme::le32)));
}

uint32_t pair_tag(const SidecarHeader& header) {
    nvme::le32 tag;
    std::memcpy(&tag, header.pair.data(), sizeof tag);
    return tag;
}

uint64_t round_up(uint64_t value, uint64_t unit) {
    return (value + unit - 1) / unit * unit;
}

bool is_whole(const SidecarHeader& header) {
    return header.magic == SidecarHeader::kMagic && header.crc == crc_of(header);
}

/// Fields that a valid CRC does not vouch for: a later version, another program.
base::Status check_fields(const SidecarHeader& header, uint64_t size) {
    if (header.version != SidecarHeader::kVersion) {
        return base::error(base::format("the sidecar has version %u, this program supports %u",
                                        unsigned{header.version}, SidecarHeader::kVersion));
    }
    const bool sane =
        (header.block_bytes == 512 || header.block_bytes == 4096) && header.blocks != 0 &&
        header.blocks <= std::numeric_limits<uint64_t>::max() / 4096 && header.type >= 1 &&
        header.type <= 3 && (header.guard_bits == 16 || header.guard_bits == 64) &&
        header.state >= SidecarHeader::kBuilding && header.state <= SidecarHeader::kInUse &&
        header.log_offset == kHeaderSlots * kSidecarPage && header.log_entries >= kMinLogEntries &&
        header.log_entries <= (uint64_t{1} << 24U) &&
        header.tuple_offset ==
            round_up(header.log_offset + header.log_entries * sizeof(LogEntry), kSidecarPage);
    if (!sane) {
        return base::error("the header of the sidecar is inconsistent");
    }
    if (size < sidecar_bytes(header)) {
        return base::error(base::format("the sidecar is truncated: %llu bytes of %llu",
                                        static_cast<unsigned long long>(size),
                                        static_cast<unsigned long long>(sidecar_bytes(header))));
    }
    return base::done();
}

/// Blocks as ranges that neither overlap nor touch.
class Ranges {
  public:
    void add(uint64_t first, uint64_t end) {
        auto next = ranges_.upper_bound(first);
        if (next != ranges_.begin() && std::prev(next)->second >= first) {
            --next;
            first = next->first;
            end = std::max(end, next->second);
            next = ranges_.erase(next);
        }
        while (next != ranges_.end() && next->first <= end) {
            end = std::max(end, next->second);
            next = ranges_.erase(next);
        }
        ranges_.emplace(first, end);
    }
    [[nodiscard]] const std::map<uint64_t, uint64_t>& all() const { return ranges_; }

  private:
    std::map<uint64_t, uint64_t> ranges_;  ///< first block -> the one behind the last
};

/// The contents of the log.
struct Replay {
    uint64_t last = 0;  ///< the highest sequence number
    Ranges written;     ///< not settled
    Ranges regions;
};

base::Result<Replay> read_log(ByteStore& sidecar, const SidecarHeader& header) {
    std::vector<LogEntry> entries;
    std::vector<LogEntry> chunk(kSidecarPage / sizeof(LogEntry));
    for (uint64_t slot = 0; slot < header.log_entries; slot += chunk.size()) {
        const size_t count = std::min<uint64_t>(chunk.size(), header.log_entries - slot);
        const auto part = std::span(chunk).first(count);
        TRY_VOID(sidecar.read(header.log_offset + slot * sizeof(LogEntry),
                              std::as_writable_bytes(part)));
        for (size_t i = 0; i < count; ++i) {
            if (is_entry(header, part[i], slot + i) && part[i].sequence > header.committed) {
                entries.push_back(part[i]);
            }
        }
    }
    Replay replay{.last = header.committed, .written = {}, .regions = {}};
    uint64_t settled = header.committed;
    uint64_t forgotten = header.committed;
    for (const LogEntry& entry : entries) {
        replay.last = std::max<uint64_t>(replay.last, entry.sequence);
        uint64_t& floor = entry.kind == LogEntry::kCommit ? settled : forgotten;
        if (entry.kind == LogEntry::kCommit || entry.kind == LogEntry::kForget) {
            floor = std::max<uint64_t>(floor, entry.first);
        }
    }
    const uint64_t region = kRegionBytes / header.block_bytes;
    for (const LogEntry& entry : entries) {
        const uint64_t first = std::min<uint64_t>(entry.first, header.blocks);
        const uint64_t end = std::min<uint64_t>(first + entry.blocks, header.blocks);
        if (entry.kind == LogEntry::kWrite && entry.sequence > settled) {
            replay.written.add(first, end);
        } else if (entry.kind == LogEntry::kRegion && entry.sequence > forgotten) {
            replay.regions.add(first / region * region,
                               std::min<uint64_t>(round_up(end, region), header.blocks));
        }
    }
    return replay;
}

/// Blocks and their tuples, a piece of a chunk's size at a time.
class PairReader {
  public:
    PairReader(ByteStore& image, ByteStore& sidecar, const SidecarHeader& header)
        : image_(image),
          sidecar_(sidecar),
          header_(header),
          format_(format_of(header)),
          data_(std::min(kChunkBytes, header.blocks * header.block_bytes)),
          tuples_(data_.size() / header.block_bytes * format_.metadata_bytes) {}

    [[nodiscard]] uint64_t chunk_blocks() const { return kChunkBytes / header_.block_bytes; }
    [[nodiscard]] const nvme::PiFormat& format() const { return format_; }

    base::Status read(uint64_t first, uint64_t count) {
        TRY_VOID(image_.read(first * header_.block_bytes, data(count)));
        return sidecar_.read(header_.tuple_offset + first * format_.metadata_bytes, tuples(count));
    }
    base::Status write_tuples(uint64_t first, uint64_t count) {
        return sidecar_.write(header_.tuple_offset + first * format_.metadata_bytes, tuples(count));
    }
    /// The first of `count` blocks from `at` on (counted from the chunk's first, which is block
    /// `first`) that does not match.
    std::optional<nvme::PiMismatch> verify(uint64_t first, uint64_t at, uint64_t count) {
        auto bad = nvme::verify(
            format_,
            nvme::BlocksView::separate(format_, data(at + count).subspan(at * header_.block_bytes),
                                       tuples(at + count).subspan(at * format_.metadata_bytes)),
            tags_at_rest(first + at), checks_at_rest(header_));
        if (bad) {
            bad->block += at;
        }
        return bad;
    }
    void generate(uint64_t first, uint64_t at) {
        nvme::generate(
            format_,
            nvme::Blocks::separate(format_, data(at + 1).subspan(at * header_.block_bytes),
                                   tuples(at + 1).subspan(at * format_.metadata_bytes)),
            tags_at_rest(first + at));
    }

  private:
    base::MutableBytes data(uint64_t count) {
        return std::span(data_).first(count * header_.block_bytes);
    }
    base::MutableBytes tuples(uint64_t count) {
        return std::span(tuples_).first(count * format_.metadata_bytes);
    }

    ByteStore& image_;
    ByteStore& sidecar_;
    const SidecarHeader& header_;
    nvme::PiFormat format_;
    base::Bytes data_;
    base::Bytes tuples_;
};

/// Calls `mend(block)` for each block of [first, end) that does not match, and recomputes its
/// tuple if `mend` returns true.
template <class Mend>
base::Status mend_range(PairReader& pair, uint64_t first, uint64_t end, Mend mend) {
    for (; first < end;) {
        const uint64_t count = std::min(pair.chunk_blocks(), end - first);
        TRY_VOID(pair.read(first, count));
        bool changed = false;
        for (uint64_t at = 0; at < count;) {
            const auto bad = pair.verify(first, at, count - at);
            if (!bad) {
                break;
            }
            if (mend(first + bad->block)) {
                pair.generate(first, bad->block);
                changed = true;
            }
            at = bad->block + 1;
        }
        if (changed) {
            TRY_VOID(pair.write_tuples(first, count));
        }
        first += count;
    }
    return base::done();
}

base::Status mend(PairReader& pair, const Replay& replay, Recovery& recovery) {
    for (const auto& [first, end] : replay.written.all()) {
        recovery.unsettled += end - first;
        TRY_VOID(mend_range(pair, first, end, [&](uint64_t) {
            ++recovery.repaired;
            return true;
        }));
    }
    if (!recovery.power_cut) {
        return base::done();  // every write is in the log
    }
    for (const auto& [first, end] : replay.regions.all()) {
        TRY_VOID(mend_range(pair, first, end, [&](uint64_t block) {
            ++recovery.unproven_count;
            if (recovery.unproven.size() < Recovery::kUnprovenListed) {
                recovery.unproven.push_back(block);
            }
            return true;
        }));
    }
    return base::done();
}

}  // namespace

// --- stores

base::Status FileStore::read(uint64_t offset, base::MutableBytes into) {
    TRY(const size_t got, base::pread_full(fd_, into, offset));
    return got == into.size() ? base::Status(base::done()) : base::error("read: end of file");
}

base::Status FileStore::write(uint64_t offset, base::ByteView from) {
    return base::pwrite_all(fd_, from, offset);
}

base::Status FileStore::sync() {
    return fdatasync(fd_) == 0 ? base::Status(base::done()) : base::errno_error(errno, "sync");
}

// --- header and log

bool ImageStamp::operator==(const ImageStamp& other) const {
    return device == other.device && inode == other.inode && modified_ns == other.modified_ns;
}

nvme::PiFormat format_of(const SidecarHeader& header) {
    nvme::PiFormat format;
    format.block_bytes = header.block_bytes;
    format.type = header.type;
    format.guard_bits = header.guard_bits;
    format.metadata_bytes = format.tuple_bytes();
    return format;
}

uint64_t sidecar_bytes(const SidecarHeader& header) {
    return header.tuple_offset + header.blocks * format_of(header).metadata_bytes;
}

SidecarHeader new_header(const nvme::PiFormat& format, uint64_t blocks, const Id16& pair,
                         uint64_t log_entries) {
    SidecarHeader header;
    header.block_bytes = format.block_bytes;
    header.blocks = blocks;
    header.type = format.type;
    header.guard_bits = format.guard_bits;
    header.pair = pair;
    header.log_offset = kHeaderSlots * kSidecarPage;
    header.log_entries = log_entries;
    header.tuple_offset =
        round_up(header.log_offset + log_entries * sizeof(LogEntry), kSidecarPage);
    return header;
}

base::Result<SidecarHeader> read_header(ByteStore& sidecar, uint64_t size) {
    if (size < kHeaderSlots * kSidecarPage) {
        return base::error("not a sidecar: too short");
    }
    std::array<SidecarHeader, kHeaderSlots> slots;
    TRY_VOID(sidecar.read(0, std::as_writable_bytes(std::span(slots))));
    const SidecarHeader* best = nullptr;
    for (const SidecarHeader& slot : slots) {
        if (is_whole(slot) && (best == nullptr || slot.sequence > best->sequence)) {
            best = &slot;
        }
    }
    if (best == nullptr) {
        return base::error(slots[0].magic == SidecarHeader::kMagic ||
                                   slots[1].magic == SidecarHeader::kMagic
                               ? "both copies of the sidecar's header are damaged"
                               : "not the sidecar of an image");
    }
    TRY_VOID(check_fields(*best, size));
    return *best;
}

base::Status check_pair(const SidecarHeader& header, uint64_t image_bytes) {
    const uint64_t expected = header.blocks * header.block_bytes;
    if (image_bytes != expected) {
        return base::error(
            base::format("the sidecar belongs to an image of %llu bytes, this image has %llu",
                         static_cast<unsigned long long>(expected),
                         static_cast<unsigned long long>(image_bytes)));
    }
    if (header.state == SidecarHeader::kBuilding) {
        return base::error(
            "protection is not complete: continue with `nvmeroot-target image protect`");
    }
    return base::done();
}

base::Status write_header(ByteStore& sidecar, SidecarHeader& header) {
    header.sequence = header.sequence + 1;
    header.crc = crc_of(header);
    TRY_VOID(sidecar.write(header.sequence % kHeaderSlots * kSidecarPage, base::bytes_of(header)));
    return sidecar.sync();
}

LogEntry make_entry(const SidecarHeader& header, uint64_t sequence, LogEntry::Kind kind,
                    uint64_t first, uint32_t blocks) {
    LogEntry entry;
    entry.sequence = sequence;
    entry.first = first;
    entry.blocks = blocks;
    entry.kind = kind;
    entry.pair = pair_tag(header);
    entry.crc = crc_of(entry);
    return entry;
}

bool is_entry(const SidecarHeader& header, const LogEntry& entry, uint64_t slot) {
    return entry.pair == pair_tag(header) && entry.crc == crc_of(entry) &&
           entry.sequence % header.log_entries == slot && entry.sequence != 0;
}

// --- the world

std::string sidecar_path(const std::string& image) {
    return image + ".pi";
}

ImageStamp stamp_of(int image) {
    ImageStamp stamp;
    struct stat status {};
    if (fstat(image, &status) == 0) {
        stamp.device = S_ISBLK(status.st_mode) ? status.st_rdev : status.st_dev;
        stamp.inode = status.st_ino;
        stamp.modified_ns = S_ISBLK(status.st_mode)
                                ? uint64_t{0}
                                : static_cast<uint64_t>(status.st_mtim.tv_sec) * 1'000'000'000U +
                                      static_cast<uint64_t>(status.st_mtim.tv_nsec);
    }
    return stamp;
}

Id16 boot_of_machine() {
    const auto text = base::read_text("/proc/sys/kernel/random/boot_id");
    const auto uuid = nvme::parse_uuid(text ? base::trim(*text) : "");
    return uuid ? std::bit_cast<Id16>(*uuid) : random_id();  // not to be had: as after a power cut
}

Id16 random_id() {
    Id16 id{};
    (void)getrandom(id.data(), id.size(), 0);  // so few bytes are never refused
    return id;
}

// --- recovery

nvme::PiChecks checks_at_rest(const SidecarHeader& header) {
    const bool ours = (header.flags & SidecarHeader::kHostTags) == 0;
    return {.guard = true,
            .app_tag = ours,
            .storage_tag = false,
            .ref_tag = header.type == 1,
            .escape = !ours};
}

base::Result<Recovery> recover(ByteStore& image, ByteStore& sidecar, SidecarHeader& header,
                               const Id16& boot) {
    Recovery recovery;
    if (header.state == SidecarHeader::kInUse) {
        recovery.replayed = true;
        recovery.power_cut = header.boot != boot;
        TRY(const Replay replay, read_log(sidecar, header));
        PairReader pair(image, sidecar, header);
        TRY_VOID(mend(pair, replay, recovery));
        TRY_VOID(image.sync());  // the new tuples vouch for what was read
        TRY_VOID(sidecar.sync());
        header.committed = replay.last;
        header.unproven = header.unproven + recovery.unproven_count;
        header.generation = header.generation + (recovery.repaired + recovery.unproven_count > 0);
    }
    header.state = SidecarHeader::kInUse;
    header.boot = boot;
    TRY_VOID(write_header(sidecar, header));
    return recovery;
}

base::Result<Sample> sample_pair(ByteStore& image, ByteStore& sidecar,
                                 const SidecarHeader& header) {
    constexpr uint64_t kHead = 64;  // boot sectors, partition table, superblocks
    constexpr uint64_t kSpread = 192;
    PairReader pair(image, sidecar, header);
    Sample sample;
    const uint64_t head = std::min<uint64_t>(kHead, header.blocks);
    TRY_VOID(pair.read(0, head));
    for (uint64_t i = 0; i < head; ++i) {
        sample.wrong += pair.verify(0, i, 1) ? 1U : 0U;
    }
    sample.looked_at = head;
    const uint64_t step = std::max<uint64_t>(1, header.blocks / kSpread);
    for (uint64_t block = head + step - 1; block < header.blocks; block += step) {
        TRY_VOID(pair.read(block, 1));
        sample.wrong += pair.verify(block, 0, 1) ? 1U : 0U;
        ++sample.looked_at;
    }
    return sample;
}

}  // namespace target
