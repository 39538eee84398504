// SPDX-License-Identifier: GPL-2.0-or-later
//
// The files that this initramfs was built with. If the hook of a generator put a configuration into
// the image, it also wrote the list of its files to /usr/lib/nvmeroot/image-files, outside of
// /etc/nvmeroot: a full path per line. If a listed file is missing, it was lost afterwards: by the
// generator, by one of its options (dracut's rd.hostonly=0) or by hand. The file may have contained
// a secret. Such an image must not be mistaken for one that never had a configuration, whose boot
// needs no authentication.
#pragma once

#include <string>

#include "base/sys_paths.h"
#include "boot/sources/sources.h"

namespace boot {

/// The fault of a file of an image, to append to its path: missing, a dangling link, not a regular
/// file; nullptr: the file exists, but may be empty.
const char* file_fault(const std::string& path);

struct ImageLoss {
    std::string why;  ///< a sentence with the remedy; empty: the image has all its files
    /// The ini file may have been lost, and with it the target.
    bool of_config = false;
};

/// Checks each listed file. A file counts as lost if it is missing, empty, a dangling link or not a
/// regular file. The list itself counts as lost if it cannot be read, is longer than 64 KiB, names
/// no file or has a line that is not a full path. An image without a list lost nothing. A sealed
/// credential that was not decrypted for this program is an error too, except in a dry run.
/// @param root  prefix of each listed path
ImageLoss lost_of_image(const base::SysPaths& sys, const std::string& root, Sources& sources,
                        bool dry_run);

}  // namespace boot
