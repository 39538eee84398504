// SPDX-License-Identifier: GPL-2.0-or-later
//
// root= is left to the initramfs, which mounts the device that root= names. But a boot that fails
// at the mount ends with words like "timed out", long after the disk was handed over. This unit
// reports earlier what can be detected: root= names nothing on the disk, or a file system without a
// driver in this image.
#pragma once

#include <string>
#include <vector>

#include "base/sys_paths.h"

namespace boot {

struct RootPlace {
    std::string word;                     ///< root= of the command line; empty if absent
    std::string disk;                     ///< `nvme0n1`, a node in `dev`
    std::vector<std::string> partitions;  ///< `nvme0n1p1`…
    bool modules_loaded = true;           ///< of the file systems, as far as the image has them
};

/// One sentence for people, or an empty text if all is well or the result is unknown (a root on
/// LVM, another disk). Reads the devices, which sleeps as long as the target does not answer.
std::string root_hint(const RootPlace& place, const base::SysPaths& sys);

}  // namespace boot
