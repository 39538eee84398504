// SPDX-License-Identifier: GPL-2.0-or-later
#include "nvme/pi.h"

#include <algorithm>
#include <array>

#include "nvme/crc.h"

namespace nvme {
namespace {

constexpr uint16_t kEscapedAppTag = 0xFFFF;

/// Storage and reference tag as one number; the widest has 80 bits.
__extension__ using TagSpace = unsigned __int128;

unsigned space_bits(const PiFormat& format) {
    return format.guard_bits == 16 ? 32 : format.guard_bits == 32 ? 80 : 48;
}

uint64_t ones(unsigned bits) {
    return bits >= 64 ? UINT64_MAX : (uint64_t{1} << bits) - 1;
}

unsigned ref_bits(const PiFormat& format) {
    return space_bits(format) - format.storage_tag_bits;
}

uint64_t load_big_endian(base::ByteView bytes) {
    uint64_t value = 0;
    for (const std::byte byte : bytes) {
        value = value << 8U | std::to_integer<uint64_t>(byte);
    }
    return value;
}

void store_big_endian(uint64_t value, base::MutableBytes bytes) {
    for (size_t i = bytes.size(); i-- > 0; value >>= 8U) {
        bytes[i] = static_cast<std::byte>(value & 0xFFU);
    }
}

TagSpace load_space(base::ByteView bytes) {
    const size_t high = bytes.size() > 8 ? bytes.size() - 8 : 0;
    return TagSpace{load_big_endian(bytes.first(high))} << 64U |
           load_big_endian(bytes.subspan(high));
}

void store_space(TagSpace space, base::MutableBytes bytes) {
    const size_t high = bytes.size() > 8 ? bytes.size() - 8 : 0;
    store_big_endian(static_cast<uint64_t>(space >> 64U), bytes.first(high));
    store_big_endian(static_cast<uint64_t>(space), bytes.subspan(high));
}

struct Tags {
    uint64_t storage;
    uint64_t ref;
};

Tags split_space(const PiFormat& format, TagSpace space) {
    return {static_cast<uint64_t>(space >> ref_bits(format)) & storage_tag_mask(format),
            static_cast<uint64_t>(space) & ref_tag_mask(format)};
}

bool is_escaped(const PiFormat& format, const PiTuple& tuple) {
    return tuple.app_tag == kEscapedAppTag &&
           (format.type != 3 || tuple.ref_tag == ref_tag_mask(format));
}

/// The reference tag of block `block` of a run.
uint64_t ref_tag_of(const PiFormat& format, uint64_t first, size_t block) {
    return (format.type == 3 ? first : first + block) & ref_tag_mask(format);
}

std::optional<PiMismatch> differs(PiField field, uint64_t expected, uint64_t found) {
    return expected == found ? std::nullopt : std::optional(PiMismatch{0, field, expected, found});
}

std::optional<PiMismatch> verify_tags(const PiFormat& format, const PiTuple& found,
                                      const PiTags& tags, uint64_t ref_tag,
                                      const PiChecks& checks) {
    if (checks.app_tag) {
        if (auto bad = differs(PiField::kAppTag, tags.app_tag & tags.app_mask,
                               found.app_tag & tags.app_mask)) {
            return bad;
        }
    }
    if (checks.storage_tag) {
        if (auto bad = differs(PiField::kStorageTag, tags.storage_tag & storage_tag_mask(format),
                               found.storage_tag)) {
            return bad;
        }
    }
    return checks.ref_tag ? differs(PiField::kRefTag, ref_tag, found.ref_tag) : std::nullopt;
}

/// The 80, 48 or 32 bits that CDW2, CDW3 and CDW14 hold together.
TagSpace command_space(const PiFormat& format, const Sqe& sqe) {
    const auto low = TagSpace{sqe.cdw14};
    switch (format.guard_bits) {
        case 32:
            return TagSpace{sqe.cdw2 & 0xFFFFU} << 64U | TagSpace{sqe.cdw3} << 32U | low;
        case 64:
            return TagSpace{sqe.cdw3 & 0xFFFFU} << 32U | low;
        default:
            return low;
    }
}

}  // namespace

uint64_t ref_tag_mask(const PiFormat& format) {
    return ones(ref_bits(format));
}

uint64_t storage_tag_mask(const PiFormat& format) {
    return ones(format.storage_tag_bits);
}

PiTuple unpack_tuple(const PiFormat& format, base::ByteView bytes) {
    const size_t guard_bytes = format.guard_bits / 8;
    const Tags tags = split_space(format, load_space(bytes.subspan(guard_bytes + 2)));
    return {load_big_endian(bytes.first(guard_bytes)),
            static_cast<uint16_t>(load_big_endian(bytes.subspan(guard_bytes, 2))), tags.storage,
            tags.ref};
}

void pack_tuple(const PiFormat& format, const PiTuple& tuple, base::MutableBytes bytes) {
    const size_t guard_bytes = format.guard_bits / 8;
    store_big_endian(tuple.guard, bytes.first(guard_bytes));
    store_big_endian(tuple.app_tag, bytes.subspan(guard_bytes, 2));
    store_space(TagSpace{tuple.storage_tag & storage_tag_mask(format)} << ref_bits(format) |
                    (tuple.ref_tag & ref_tag_mask(format)),
                bytes.subspan(guard_bytes + 2));
}

std::string_view name(PiField field) {
    constexpr std::array<std::string_view, 4> kNames = {"guard", "application tag", "storage tag",
                                                        "reference tag"};
    return kNames[static_cast<size_t>(field)];
}

Status to_status(PiField field) {
    switch (field) {
        case PiField::kGuard:
            return status::kGuardCheck.dnr();
        case PiField::kAppTag:
            return status::kApplicationTagCheck.dnr();
        case PiField::kStorageTag:
            return status::kStorageTagCheck.dnr();
        case PiField::kRefTag:
            return status::kReferenceTagCheck.dnr();
    }
    return status::kInternalError;
}

uint64_t guard_of(const PiFormat& format, base::ByteView data, base::ByteView metadata) {
    switch (format.guard_bits) {
        case 32:
            return crc32c(metadata, crc32c(data));
        case 64:
            return crc64_nvme(metadata, crc64_nvme(data));
        default:
            return crc16_t10(metadata, crc16_t10(data));
    }
}

void generate(const PiFormat& format, const Blocks& blocks, const PiTags& tags) {
    for (size_t i = 0; i < blocks.count(); ++i) {
        pack_tuple(format,
                   {guard_of(format, blocks.data(i), blocks.guarded_metadata(i)), tags.app_tag,
                    tags.storage_tag, ref_tag_of(format, tags.ref_tag, i)},
                   blocks.tuple(i));
    }
}

void generate_for_zeros(const PiFormat& format, base::MutableBytes tuples, const PiTags& tags) {
    static constexpr std::array<std::byte, 4096> kZeros{};
    const uint64_t guard = guard_of(format, base::ByteView(kZeros).first(format.block_bytes));
    const size_t size = format.tuple_bytes();
    for (size_t i = 0; i * size < tuples.size(); ++i) {
        pack_tuple(format,
                   {guard, tags.app_tag, tags.storage_tag, ref_tag_of(format, tags.ref_tag, i)},
                   tuples.subspan(i * size, size));
    }
}

std::optional<PiMismatch> verify(const PiFormat& format, const BlocksView& blocks,
                                 const PiTags& tags, const PiChecks& checks) {
    for (size_t i = 0; i < blocks.count(); ++i) {
        const PiTuple found = unpack_tuple(format, blocks.tuple(i));
        if (checks.escape && is_escaped(format, found)) {
            continue;
        }
        std::optional<PiMismatch> bad;
        if (checks.guard) {
            bad =
                differs(PiField::kGuard,
                        guard_of(format, blocks.data(i), blocks.guarded_metadata(i)), found.guard);
        }
        if (!bad) {
            bad = verify_tags(format, found, tags, ref_tag_of(format, tags.ref_tag, i), checks);
        }
        if (bad) {
            bad->block = i;
            return bad;
        }
    }
    return std::nullopt;
}

base::Result<PiCommand, Status> read_pi_command(const PiFormat& format, const Sqe& sqe) {
    const uint32_t flags = sqe.cdw12;
    const Tags tags = split_space(format, command_space(format, sqe));
    PiCommand command;
    command.pract = (flags & IoFlags::kProtectionAction) != 0;
    command.checks = {.guard = (flags & IoFlags::kCheckGuard) != 0,
                      .app_tag = (flags & IoFlags::kCheckApplication) != 0,
                      .storage_tag = (flags & IoFlags::kCheckStorage) != 0,
                      .ref_tag = (flags & IoFlags::kCheckReference) != 0};
    command.tags = {.app_tag = static_cast<uint16_t>(sqe.cdw15 & 0xFFFFU),
                    .app_mask = static_cast<uint16_t>(sqe.cdw15 >> 16U),
                    .storage_tag = tags.storage,
                    .ref_tag = tags.ref};
    const uint64_t block = start_block(sqe) & ref_tag_mask(format);
    if (command.checks.ref_tag && (format.type == 3 || (format.type == 1 && tags.ref != block))) {
        return status::kInvalidProtectionInfo.dnr();
    }
    if (format.type == 1) {
        command.tags.ref_tag = block;
    }
    return command;
}

uint32_t transfer_bytes(const PiFormat& format, bool pract) {
    const bool stripped = pract && format.metadata_bytes == format.tuple_bytes();
    return format.block_bytes + (stripped ? 0 : format.metadata_bytes);
}

}  // namespace nvme
