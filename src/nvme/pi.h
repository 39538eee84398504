// SPDX-License-Identifier: GPL-2.0-or-later
//
// Protection information: a tuple next to each block that specifies what the block must contain and
// where it belongs. Each layer that moves a block can recompute the tuple and show that it changed
// nothing.
//
//   guard      CRC of the data (and of the metadata before the tuple, where the tuple is last)
//   app tag    the owner's; FFFFh switches the checks of the block off ("escape")
//   storage and reference tag   one field, split by the format: the upper bits are the owner's, the
//              lower ones say which block this is
//
//   16-bit guard |guard 2|app 2| storage, reference 4  |
//   32-bit guard |guard 4  |app 2| storage, reference 10         |      all big endian
//   64-bit guard |guard 8              |app 2| storage, reference 6    |
//
// Type 1: the reference tag is the LBA. Type 2: it counts up from what the command says. Type 3: it
// is the owner's and never checked. The escape of type 3 needs a reference tag of all ones too.
//
// NVM Command Set Specification 1.0: 5.2 "End-to-end Data Protection", 5.3.1 "Protection
// Information Formats".
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "nvme/pi_format.h"
#include "nvme/types.h"

namespace nvme {

/// One tuple as numbers.
struct PiTuple {
    uint64_t guard = 0;
    uint16_t app_tag = 0;
    uint64_t storage_tag = 0;
    uint64_t ref_tag = 0;

    bool operator==(const PiTuple&) const = default;
};

/// @param bytes  format.tuple_bytes() of them
/// REQUIRES: format.type != 0
PiTuple unpack_tuple(const PiFormat& format, base::ByteView bytes);
void pack_tuple(const PiFormat& format, const PiTuple& tuple, base::MutableBytes bytes);

/// A number of ones as wide as the reference tag (or the storage tag) of the format.
uint64_t ref_tag_mask(const PiFormat& format);
uint64_t storage_tag_mask(const PiFormat& format);

/// Consecutive blocks with their metadata, behind each block or in a buffer of its own. It borrows.
template <class Byte>
class BlockRun {
  public:
    /// REQUIRES: blocks.size() is a multiple of format.block_bytes + format.metadata_bytes
    static BlockRun extended(const PiFormat& format, std::span<Byte> blocks) {
        const size_t stride = size_t{format.block_bytes} + format.metadata_bytes;
        return BlockRun(format, blocks, blocks, blocks.size() / stride, stride, stride,
                        format.block_bytes);
    }
    /// REQUIRES: the two hold equally many blocks
    static BlockRun separate(const PiFormat& format, base::ByteView data,
                             std::span<Byte> metadata) {
        return BlockRun(format, data, metadata, data.size() / format.block_bytes,
                        format.block_bytes, format.metadata_bytes, 0);
    }

    [[nodiscard]] size_t count() const { return count_; }
    [[nodiscard]] base::ByteView data(size_t block) const {
        return data_.subspan(block * data_stride_, format_.block_bytes);
    }
    [[nodiscard]] std::span<Byte> metadata(size_t block) const {
        return metadata_.subspan(metadata_at_ + block * metadata_stride_, format_.metadata_bytes);
    }
    [[nodiscard]] std::span<Byte> tuple(size_t block) const {
        return metadata(block).subspan(tuple_at(), format_.tuple_bytes());
    }
    /// The part of the metadata that the guard covers.
    [[nodiscard]] base::ByteView guarded_metadata(size_t block) const {
        return metadata(block).first(tuple_at());
    }

  private:
    BlockRun(const PiFormat& format, base::ByteView data, std::span<Byte> metadata, size_t count,
             size_t data_stride, size_t metadata_stride, size_t metadata_at)
        : format_(format),
          data_(data),
          metadata_(metadata),
          count_(count),
          data_stride_(data_stride),
          metadata_stride_(metadata_stride),
          metadata_at_(metadata_at) {}

    [[nodiscard]] size_t tuple_at() const {
        return format_.first ? 0 : format_.metadata_bytes - format_.tuple_bytes();
    }

    PiFormat format_;
    base::ByteView data_;
    std::span<Byte> metadata_;
    size_t count_;
    size_t data_stride_;
    size_t metadata_stride_;
    size_t metadata_at_;
};

using Blocks = BlockRun<std::byte>;
using BlocksView = BlockRun<const std::byte>;

/// The tags that a run of blocks is to carry, or is expected to carry.
struct PiTags {
    uint16_t app_tag = 0;
    uint16_t app_mask = 0xFFFF;  ///< bits of the application tag that are checked
    uint64_t storage_tag = 0;
    uint64_t ref_tag = 0;  ///< of the first block
};

struct PiChecks {
    bool guard = false;
    bool app_tag = false;
    bool storage_tag = false;
    bool ref_tag = false;
    bool escape = true;  ///< blocks with the escape value are passed over
};

enum class PiField : uint8_t { kGuard, kAppTag, kStorageTag, kRefTag };
std::string_view name(PiField field);
/// 282h, 283h, 284h, 288h: read or written again the block will be no better, so with DNR.
Status to_status(PiField field);

struct PiMismatch {
    size_t block = 0;  ///< counted from the start of the run
    PiField field = PiField::kGuard;
    uint64_t expected = 0;
    uint64_t found = 0;
};

/// The guard of one block. @param metadata  what it covers of the metadata
uint64_t guard_of(const PiFormat& format, base::ByteView data, base::ByteView metadata = {});

/// Fills in every tuple; the rest of the metadata is left, and covered, as it is.
/// REQUIRES: format.type != 0, likewise below
void generate(const PiFormat& format, const Blocks& blocks, const PiTags& tags);

/// As generate() for blocks that hold zeros alone. @param tuples  one after the other
void generate_for_zeros(const PiFormat& format, base::MutableBytes tuples, const PiTags& tags);

/// @return the first mismatch, in the order of the blocks and, in one, of PiField
std::optional<PiMismatch> verify(const PiFormat& format, const BlocksView& blocks,
                                 const PiTags& tags, const PiChecks& checks);

/// The protection information fields of a command (Read, Write, Compare, Verify, Write Zeroes).
struct PiCommand {
    bool pract = false;  ///< the controller makes the tuples, or checks and strips them
    PiChecks checks;
    PiTags tags;
};

/// Errors: 181h, for a reference tag that contradicts a type 1 namespace's LBA, or any check of it
/// on type 3.
base::Result<PiCommand, Status> read_pi_command(const PiFormat& format, const Sqe& sqe);

/// Bytes of a block on the wire: with PRACT the metadata stays behind if it is the tuple alone.
uint32_t transfer_bytes(const PiFormat& format, bool pract);

}  // namespace nvme
