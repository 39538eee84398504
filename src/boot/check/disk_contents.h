// SPDX-License-Identifier: GPL-2.0-or-later
//
// The contents of a disk, from its first blocks: the file system or container on a device, by the
// magic number of its superblock, and the names that a partition table gives its partitions. With
// them, UUID=, LABEL=, PARTUUID= and PARTLABEL= in root= find their device.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace boot {

/// The data of a superblock.
struct Contents {
    std::string type;          ///< as blkid(8) names it: `ext4`, `crypto_LUKS`; empty: unknown
    bool file_system = false;  ///< the kernel could mount it; `type` is then the kernel's name
    std::string uuid;          ///< in the form of UUID=; empty: none
    std::string label;         ///< printable characters only
};

/// @param device  path of a block device or an image; an unreadable one has no contents
Contents contents_of(const std::string& device);

struct PartitionNames {
    std::string uuid;   ///< in the form of PARTUUID=
    std::string label;  ///< of PARTLABEL=; printable characters only
};

struct PartitionTable {
    /// The block size that a GPT is made for. The GPT is valid only on a disk with this block size.
    std::optional<uint32_t> gpt_block_size;
    /// By number, from 1 on, at most 128; a partition without a name is omitted.
    std::vector<PartitionNames> gpt;
    std::string mbr_signature;  ///< set if there is no GPT; empty: no MBR either

    [[nodiscard]] PartitionNames names_of(unsigned number) const;
};

/// The GPT of `device`, for blocks of 512 or 4096 bytes, else its MBR, else nothing.
PartitionTable partition_table(const std::string& device);

}  // namespace boot
