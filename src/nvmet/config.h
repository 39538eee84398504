// SPDX-License-Identifier: GPL-2.0-or-later
//
// The ini file as a wanted state. Sections and keys that nvmeroot-target has
// too are read by src/export and mean the same; what the kernel's target cannot
// do is refused by name. Keys of the attribute table (attributes.h) and the
// sections port, ana and referral are nvmet's own.
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
};

/// @param path  stands for the file in errors and gives the folder of relative
/// file names
base::Result<Wanted, exports::Errors> parse_config(std::string_view text, const std::string& path);

/// The documentation of a key.
struct KeyDoc {
    std::string_view section;  ///< `target`, `subsystem`, …
    std::string_view name;
    std::string_view form;  ///< what may be written: `yes|no`, `NQN`
    std::string fallback;   ///< the value when it is left out; empty: none, or see help
    std::string_view help;  ///< one sentence
    const Attribute* row;   ///< null: it belongs to no attribute alone
};
/// Every key that counts here, sections together.
std::vector<KeyDoc> key_docs();

}  // namespace nvmet
