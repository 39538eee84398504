// SPDX-License-Identifier: GPL-2.0-or-later
// Images of disks as far as their superblocks and tables.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "support/temp_dir.h"

inline constexpr const char* kUuid = "01234567-89ab-cdef-0123-456789abcdef";
inline constexpr std::string_view kUuidBytes =
    "\x01\x23\x45\x67\x89\xab\xcd\xef\x01\x23\x45\x67\x89\xab\xcd\xef";
/// The same bytes as a GUID.
inline constexpr const char* kPartUuid = "67452301-ab89-efcd-0123-456789abcdef";

struct DiskImage {
    std::string bytes;

    explicit DiskImage(size_t size) : bytes(size, '\0') {}
    void put(size_t offset, std::string_view text) { bytes.replace(offset, text.size(), text); }
    /// Little-endian.
    void put_number(size_t offset, uint64_t number, size_t size) {
        for (size_t i = 0; i < size; ++i) {
            bytes[offset + i] = static_cast<char>(number >> (8 * i));
        }
    }
    [[nodiscard]] std::string write(const support::TempDir& dir, std::string_view name) const {
        return dir.file(name, bytes);
    }
};

inline DiskImage ext4_image(std::string_view label) {
    DiskImage image(0x1000);
    image.put(0x438, "\x53\xef");
    image.put(0x468, kUuidBytes);
    image.put(0x478, label);
    return image;
}

/// @param names  of the partitions; an empty one is not there. The last has kPartUuid.
inline DiskImage gpt_image(uint32_t block_size, const std::vector<std::string>& names) {
    DiskImage image(size_t{block_size} * 2 + 128 * 128);
    image.put(block_size, "EFI PART");
    image.put_number(block_size + 72, 2, 8);
    image.put_number(block_size + 80, 128, 4);
    image.put_number(block_size + 84, 128, 4);
    for (size_t i = 0; i < names.size(); ++i) {
        const size_t entry = size_t{block_size} * 2 + i * 128;
        if (names[i].empty()) {
            continue;
        }
        image.put(entry, "type of partition");
        image.put(entry + 16, kUuidBytes);
        if (i + 1 < names.size()) {
            image.bytes[entry + 16] = 'x';
        }
        for (size_t at = 0; at < names[i].size(); ++at) {
            image.bytes[entry + 56 + 2 * at] = names[i][at];
        }
    }
    return image;
}
