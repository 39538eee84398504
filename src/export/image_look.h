// SPDX-License-Identifier: GPL-2.0-or-later
//
// Whether a file is a raw disk, by the bytes that give other things away: images of virtual
// machines, compressed files, archives. Hosts would find no partition in those. And what the image
// of a namespace says of itself: whether it is there and has the size of a disk, and how large a
// block of its device is.
#pragma once

#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "export/export_config.h"

namespace exports {

/// Each a sentence without the image's name in front; empty: nothing.
struct ImageVerdict {
    std::string refusal;  ///< it is not a raw disk; with the command that converts it
    std::string warning;  ///< hosts will hardly use it as it is
};

constexpr size_t kImageHead = 4096 + 512;  ///< bytes in which the signs of all kinds are
constexpr size_t kImageTail = 512;

/// @param head  the first kImageHead bytes, or all there are
/// @param tail  the last kImageTail bytes, or none
ImageVerdict judge_image(base::ByteView head, base::ByteView tail, uint32_t block_bytes);

/// The same of a file or a block device. Errors: it cannot be read.
base::Result<ImageVerdict> judge_image(const std::string& path, uint32_t block_bytes);

/// Of a namespace on a block device with such logical blocks, where its user names no size.
uint32_t block_bytes_of_device(int logical_block_bytes);
/// The same of what has this path; 512 for a file, and for what cannot be opened.
uint32_t default_block_bytes(const std::string& path);

/// Finds out whether the image of a namespace can be served now, which is said in `unserved`, and
/// takes the block size from its device where no other was given.
/// @return what its user should know besides; empty: nothing
std::string look_at_image(Namespace& ns);

}  // namespace exports
