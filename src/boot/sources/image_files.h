// SPDX-License-Identifier: GPL-2.0-or-later
//
// What this initramfs was built with. Where a generator's hook put a configuration into the image,
// it left the list of its files in /usr/lib/nvmeroot/image-files, outside of /etc/nvmeroot: a full
// path a line. A listed file that is not there was lost on the way, by the generator, by an option
// of its (dracut's rd.hostonly=0) or by a hand, and a secret may have been in it. Such an image
// must not be taken for one that never had a configuration, whose boot needs no authentication.
#pragma once

#include <string>

#include "base/sys_paths.h"
#include "boot/sources/sources.h"

namespace boot {

/// How a file of an image is wrong, to stand behind its path: missing, a link that leads nowhere,
/// not a regular file; nullptr: it is there, if only empty.
const char* file_fault(const std::string& path);

struct ImageLoss {
    std::string why;  ///< a sentence with the remedy; empty: the image has all that it should
    /// The ini file may have been lost, and so what the boot was to do.
    bool of_config = false;
};

/// Looks for each listed file: missing, a link that leads nowhere, no regular file and empty count
/// as lost, and so does a list that cannot be read, is longer than 64 KiB, names no file or has a
/// line that is no full path. An image without a list lost nothing. A sealed credential that nobody
/// opened for this program is as bad, unless only a dry run looks.
/// @param root  put before each listed path
ImageLoss lost_of_image(const base::SysPaths& sys, const std::string& root, Sources& sources,
                        bool dry_run);

}  // namespace boot
