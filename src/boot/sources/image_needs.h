// SPDX-License-Identifier: GPL-2.0-or-later
//
// `nvmeroot needs`: the files and modules that an initramfs with the configuration of a machine
// must contain, decided once for the hooks of all generators. Errors that the boot would report are
// reported here, while the image is built.
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
    std::string folder;   ///< empty: etc/nvmeroot below `root`, which may be empty
    std::string root;     ///< prefix of the path of each file outside of the directory
    bool sealed = false;  ///< with sealed credentials
};

/// The lines for the hooks, with tabs between words: `file MODE SOURCE PATH`, where MODE is 600 for
/// a private file and 644 for others, and `module NAME`. Nothing is omitted without an error.
/// Errors: the directory is named and has none of the files, or cannot be read; the ini file is
/// wrong; a file is a dangling link, not a regular file or unreadable; a secret is
/// malformed or others may read it; a sealed credential does not belong to a key, or this machine
/// has one and `sealed` is not set; an image cannot hold a file of that path; a link leads out of
/// `root`.
base::Result<std::string> image_needs(const NeedsInput& input);

}  // namespace boot
