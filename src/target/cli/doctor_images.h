// SPDX-License-Identifier: GPL-2.0-or-later
//
// Whether the images of a configuration can be served: each is opened as the server would open it,
// and each obstacle is reported with its remedy. No image is changed.
#pragma once

#include <sys/stat.h>

#include <string>
#include <vector>

#include "export/export_config.h"
#include "target/cli/finding.h"

namespace target {

/// @param serving  a server has them open
std::vector<Finding> examine_images(const exports::ExportConfig& config, bool serving);

/// The facts about an image that cannot be opened, or cannot be written.
struct ImageTrouble {
    int code = 0;  ///< errno of the attempt; 0: it was opened
    mode_t mode = 0;
    std::string group{};            ///< that has it, by name
    bool writes = true;             ///< the configuration lets hosts write
    bool read_only_device = false;  ///< it is a block device that takes no writes
};
/// The remedy; empty: there is none, or none is known.
std::string remedy(const ImageTrouble& trouble);

/// The first directory above `path` that this user, with these groups, may not search; empty: none.
std::string closed_folder(const std::string& path, uid_t user, const std::vector<gid_t>& groups);

/// Why the unit, as it is installed, has another view of `path` than a shell; empty: it has not.
/// @param writes  the server writes there
std::string hidden_by_unit(const std::string& path, bool writes);

}  // namespace target
