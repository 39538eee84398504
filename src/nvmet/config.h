// SPDX-License-Identifier: GPL-2.0-or-later
//
// The ini file as a wanted state. Sections and keys that nvmeroot-target has too mean the same;
// what the kernel's target cannot do is refused by name. Keys of the attribute table
// (attributes.h) and the sections port and referral are nvmet's own.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "export/export_config.h"
#include "nvmet/object.h"

namespace nvmet {

struct Wanted {
    Object state;
    std::vector<std::string> warnings;
    bool strict = false;        ///< an image that cannot be exported is an error
    bool says_nothing = false;  ///< a file that was cut off, perhaps: it has not even a section
};

/// @param path  stands for the file in errors and gives the directory of relative file names
base::Result<Wanted, exports::Errors> parse_config(std::string_view text, const std::string& path);

}  // namespace nvmet
