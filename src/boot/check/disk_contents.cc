// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/check/disk_contents.h"

#include <fcntl.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <string_view>

#include "base/bytes.h"
#include "base/endian.h"
#include "base/fd.h"
#include "base/text.h"

namespace boot {
namespace {

enum class UuidForm { kNone, kBytes, kText, kFat };

struct Place {
    uint64_t offset = 0;
    size_t length = 0;
};

struct Superblock {
    std::string_view type;
    bool file_system;
    uint64_t offset;
    std::string_view magic;
    UuidForm uuid_form;
    uint64_t uuid;
    Place label;
};
constexpr std::array kSuperblocks = {
    // Containers come first: one may lie where a file system was.
    Superblock{"crypto_LUKS", false, 0, "LUKS\xba\xbe", UuidForm::kText, 0xa8, {}},
    Superblock{"LVM2_member", false, 0x218, "LVM2 001", UuidForm::kNone, 0, {}},
    Superblock{"linux_raid_member", false, 0x1000, "\xfc\x4e\x2b\xa9", UuidForm::kNone, 0, {}},
    Superblock{"swap", false, 0xff6, "SWAPSPACE2", UuidForm::kBytes, 0x40c, {0x41c, 16}},
    // ext2 and ext3 too: ext4's driver mounts them.
    Superblock{"ext4", true, 0x438, "\x53\xef", UuidForm::kBytes, 0x468, {0x478, 16}},
    Superblock{"xfs", true, 0, "XFSB", UuidForm::kBytes, 32, {108, 12}},
    Superblock{"btrfs", true, 0x10040, "_BHRfS_M", UuidForm::kBytes, 0x10020, {0x1012b, 256}},
    Superblock{"f2fs", true, 0x400, "\x10\x20\xf5\xf2", UuidForm::kBytes, 0x46c, {}},
    Superblock{"erofs", true, 0x400, "\xe2\xe1\xf5\xe0", UuidForm::kBytes, 0x430, {0x440, 16}},
    Superblock{"squashfs", true, 0, "hsqs", UuidForm::kNone, 0, {}},
    Superblock{"bcachefs",
               true,
               0x1018,
               "\xc6\x85\x73\xf6\x4e\x1a\x45\xca",
               UuidForm::kBytes,
               0x1038,
               {0x1048, 32}},
    Superblock{"nilfs2", true, 0x406, "\x34\x34", UuidForm::kBytes, 0x498, {0x4a8, 80}},
    Superblock{"jfs", true, 0x8000, "JFS1", UuidForm::kBytes, 0x8088, {0x8098, 16}},
    Superblock{"vfat", true, 0x52, "FAT32   ", UuidForm::kFat, 0x43, {0x47, 11}},
    Superblock{"vfat", true, 0x36, "FAT16   ", UuidForm::kFat, 0x27, {0x2b, 11}},
    Superblock{"vfat", true, 0x36, "FAT12   ", UuidForm::kFat, 0x27, {0x2b, 11}},
};

/// Reads parts of one device; those behind its end are short.
class Image {
  public:
    explicit Image(const std::string& path) {
        if (auto fd = base::open_file(path, O_RDONLY)) {
            fd_ = std::move(fd).value();
        }
    }

    [[nodiscard]] base::Bytes read(uint64_t offset, size_t length) const {
        base::Bytes bytes(length);
        const auto size = fd_.valid() ? base::pread_full(fd_.get(), bytes, offset)
                                      : base::Result<size_t>(size_t{0});
        bytes.resize(size ? *size : 0);
        return bytes;
    }
    [[nodiscard]] bool has(uint64_t offset, std::string_view magic) const {
        const base::Bytes found = read(offset, magic.size());
        return base::text_of(found) == magic;
    }

  private:
    base::UniqueFd fd_;
};

/// Up to the first NUL or the white space at the end, without what a console could act on.
std::string printable(std::string_view text) {
    std::string out(base::trim(text.substr(0, text.find('\0'))));
    std::ranges::replace_if(
        out, [](char c) { return c < ' ' || c > '~'; }, '?');
    return out;
}

/// 8-4-4-4-12 digits of 16 bytes in their order.
std::string dashed(base::ByteView bytes) {
    std::string text = base::to_hex(bytes);
    for (const size_t at : {20U, 16U, 12U, 8U}) {
        text.insert(at, "-");
    }
    return text;
}

std::string uuid_of(const Image& image, const Superblock& row) {
    constexpr size_t kUuid = 16;
    constexpr size_t kUuidText = 36;
    constexpr size_t kSerial = 4;
    switch (row.uuid_form) {
        case UuidForm::kBytes: {
            const base::Bytes bytes = image.read(row.uuid, kUuid);
            return bytes.size() == kUuid ? dashed(bytes) : std::string();
        }
        case UuidForm::kText:
            return printable(base::text_of(image.read(row.uuid, kUuidText)));
        case UuidForm::kFat: {
            base::Bytes bytes = image.read(row.uuid, kSerial);
            std::ranges::reverse(bytes);
            std::string text = base::to_hex(bytes);
            std::ranges::transform(text, text.begin(), [](char c) {
                return c >= 'a' && c <= 'f' ? static_cast<char>(c - 'a' + 'A') : c;
            });
            return bytes.size() == kSerial ? text.insert(4, "-") : std::string();
        }
        case UuidForm::kNone:
            break;
    }
    return {};
}

/// A GUID of a GPT: the first three fields are little-endian.
std::string guid_text(base::ByteView bytes) {
    base::Bytes mixed(bytes.begin(), bytes.end());
    std::reverse(mixed.begin(), mixed.begin() + 4);
    std::reverse(mixed.begin() + 4, mixed.begin() + 6);
    std::reverse(mixed.begin() + 6, mixed.begin() + 8);
    return dashed(mixed);
}

struct GptHeader {
    char signature[8];
    std::byte to_table[64];
    base::le64 table;  ///< its first block
    base::le32 count;
    base::le32 entry_size;
};
static_assert(sizeof(GptHeader) == 88);

struct GptEntry {
    std::byte type[16];
    std::byte unique[16];
    std::byte extent[24];
    std::byte name[72];  ///< UTF-16
};
static_assert(sizeof(GptEntry) == 128);

/// The characters of ASCII in UTF-16 of little-endian order.
std::string from_utf16(base::ByteView bytes) {
    std::string text;
    for (size_t i = 0; i + 1 < bytes.size(); i += 2) {
        const auto low = static_cast<char>(bytes[i]);
        text += bytes[i + 1] == std::byte{0} ? low : '?';
    }
    return printable(text);
}

/// UEFI Specification 2.10, section 5.3 "GUID Partition Table (GPT) Disk Layout".
bool read_gpt(const Image& image, uint32_t block_size, PartitionTable& table) {
    constexpr uint32_t kMost = 128;
    const base::Bytes block = image.read(block_size, sizeof(GptHeader));
    base::Reader reader(block);
    const auto header = reader.take<GptHeader>();
    if (!header || std::string_view(header->signature, sizeof header->signature) != "EFI PART") {
        return false;
    }
    table.gpt_block_size = block_size;
    const uint32_t step = header->entry_size;
    const uint64_t first = header->table;
    if (step < sizeof(GptEntry) || step > 4096 || first > UINT32_MAX) {
        return true;
    }
    for (uint32_t i = 0; i < std::min<uint32_t>(header->count, kMost); ++i) {
        const base::Bytes bytes =
            image.read(first * block_size + uint64_t{i} * step, sizeof(GptEntry));
        base::Reader entries(bytes);
        const auto entry = entries.take<GptEntry>();
        const auto is_zero = [](std::byte byte) { return byte == std::byte{0}; };
        if (entry && !std::ranges::all_of(entry->type, is_zero)) {
            table.gpt.resize(i + 1);
            table.gpt.back() = {guid_text(entry->unique), from_utf16(entry->name)};
        }
    }
    return true;
}

void read_mbr(const Image& image, PartitionTable& table) {
    constexpr uint64_t kSignature = 0x1b8;
    base::Bytes signature = image.read(kSignature, 4);
    if (image.has(0x1fe, "\x55\xaa")) {
        std::ranges::reverse(signature);
        table.mbr_signature = base::to_hex(signature);
    }
}

}  // namespace

Contents contents_of(const std::string& device) {
    const Image image(device);
    for (const Superblock& row : kSuperblocks) {
        if (image.has(row.offset, row.magic)) {
            return {std::string(row.type), row.file_system, uuid_of(image, row),
                    printable(base::text_of(image.read(row.label.offset, row.label.length)))};
        }
    }
    return {};
}

PartitionNames PartitionTable::names_of(unsigned number) const {
    if (gpt_block_size) {
        return number > 0 && number <= gpt.size() ? gpt[number - 1] : PartitionNames{};
    }
    return {mbr_signature.empty() ? "" : mbr_signature + base::format("-%02x", number), ""};
}

PartitionTable partition_table(const std::string& device) {
    const Image image(device);
    PartitionTable table;
    for (const uint32_t block_size : {512U, 4096U}) {
        if (read_gpt(image, block_size, table)) {
            return table;
        }
    }
    read_mbr(image, table);
    return table;
}

}  // namespace boot
