// SPDX-License-Identifier: GPL-2.0-or-later
//
// `nvmeroot needs`: what an initramfs with a machine's configuration must hold, decided once for
// the hooks of all generators. Whatever the boot would refuse is refused here, while the image is
// built.
//
//     a directory that becomes
//     /etc/nvmeroot ───────────────────────┬─► nvmeroot.conf, and the files and modules it names
//                                          ├─► dhchap_secret, dhchap_ctrl_secret
//     /etc/credstore.encrypted ────────────┴─► nvmeroot.*, sealed
#pragma once

#include <string>

#include "base/result.h"

namespace boot {

struct NeedsInput {
    std::string folder;   ///< empty: etc/nvmeroot below `root`, of which nothing has to be there
    std::string root;     ///< put before the path of each file outside of the directory
    bool sealed = false;  ///< with sealed credentials
};

/// The lines for the hooks, with tabs between words: `file MODE SOURCE PATH`, where MODE is 600 for
/// a private file and 644 for others, and `module NAME`. Nothing is left out without an error.
/// Errors: the directory is named and has none of the files, or cannot be read; the ini file is
/// wrong; a file is a link that leads nowhere, no regular file or cannot be read; a secret is
/// malformed or others may read it; a sealed credential belongs to no key, or this machine has one
/// and `sealed` is not set; an image cannot hold a file of that path; a link leads out of `root`.
base::Result<std::string> image_needs(const NeedsInput& input);

}  // namespace boot
