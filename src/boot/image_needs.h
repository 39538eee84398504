// SPDX-License-Identifier: GPL-2.0-or-later
//
// `nvmeroot needs`: what an initramfs with a machine's configuration must hold, decided once for
// the hooks of all generators. Whatever the boot would refuse is refused here, while the image is
// built.
//
//     a folder that becomes /etc/nvmeroot ─┬─► nvmeroot.conf, and the files and modules that it
//     names
//                                          ├─► dhchap_secret, dhchap_ctrl_secret
//     /etc/credstore.encrypted ────────────┴─► nvmeroot.*, sealed
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace boot {

struct ImageFile {
    std::string source;  ///< on the machine that builds
    std::string image;   ///< full path in the image
    bool is_private = false;
};

struct ImageNeeds {
    std::vector<ImageFile> files;
    std::vector<std::string> modules;  ///< of the kernel, which may have them built in
};

struct NeedsInput {
    std::string folder;   ///< empty: etc/nvmeroot below `root`, of which nothing has to be there
    std::string root;     ///< put before the path of each file outside of the folder
    bool sealed = false;  ///< with sealed credentials
};

/// Nothing is left out without an error. Errors: the folder is named and has none of the files, or
/// cannot be read; the ini file is wrong; a file is a link that leads nowhere, no regular file or
/// cannot be read; a secret is malformed or others may read it; a sealed credential belongs to no
/// key; the path of a file cannot be used in an image.
base::Result<ImageNeeds> image_needs(const NeedsInput& input);

/// For the hooks, separated by tabs: `file MODE SOURCE PATH` and `module NAME`, one a line. MODE is
/// 600 for a private file and 644 for others.
std::string needs_text(const ImageNeeds& needs);

}  // namespace boot
