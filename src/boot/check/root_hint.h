// SPDX-License-Identifier: GPL-2.0-or-later
//
// root= is not ours: the initramfs mounts what it names. But the disk is, and a boot that fails at
// the mount ends with words like "timed out", long after the disk was handed over. What can be seen
// before is said here: root= names nothing that is on the disk, or a file system that this image
// has no driver for.
#pragma once

#include <string>
#include <vector>

#include "base/sys_paths.h"

namespace boot {

struct RootPlace {
    std::string word;                     ///< root= of the command line; empty where there is none
    std::string disk;                     ///< `nvme0n1`, a node in `dev`
    std::vector<std::string> partitions;  ///< `nvme0n1p1`…
    bool modules_loaded = true;           ///< of the file systems, as far as the image has them
};

/// One sentence for people, or nothing where all is well or nobody can tell (a root on LVM, another
/// disk). Reads the devices, which sleeps as long as the target does not answer.
std::string root_hint(const RootPlace& place, const base::SysPaths& sys);

}  // namespace boot
