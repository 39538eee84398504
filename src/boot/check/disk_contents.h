// SPDX-License-Identifier: GPL-2.0-or-later
//
// What lies on a disk, from its first blocks: the file system or container on a device, by the
// magic of its superblock, and the names that a partition table gives its partitions. By these the
// words UUID=, LABEL=, PARTUUID= and PARTLABEL= of root= find their device.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace boot {

/// What a superblock says.
struct Contents {
    std::string type;          ///< as blkid(8) names it: `ext4`, `crypto_LUKS`; empty: unknown
    bool file_system = false;  ///< which the kernel could mount; `type` is the kernel's name then
    std::string uuid;          ///< in the form of UUID=; empty: none
    std::string label;         ///< printable characters only
};

/// @param device  path of a block device or an image; one that cannot be read has no contents
Contents contents_of(const std::string& device);

struct PartitionNames {
    std::string uuid;   ///< in the form of PARTUUID=
    std::string label;  ///< of PARTLABEL=; printable characters only
};

struct PartitionTable {
    /// Bytes of a block that a GPT is laid out for. It is one only for a disk with such blocks.
    std::optional<uint32_t> gpt_block_size;
    /// By number, from 1 on, at most 128; one without a name is none.
    std::vector<PartitionNames> gpt;
    std::string mbr_signature;  ///< where there is no GPT; empty: no MBR either

    [[nodiscard]] PartitionNames names_of(unsigned number) const;
};

/// The GPT of `device`, for blocks of 512 or 4096 bytes, else its MBR, else nothing.
PartitionTable partition_table(const std::string& device);

}  // namespace boot
