// SPDX-License-Identifier: GPL-2.0-or-later
//
// The options of the command line of nvmeroot-nvmet.
#pragma once

#include <span>
#include <string>

#include "base/cli/options.h"

namespace nvmet {

struct CommandOptions {
    std::string configfs = "/sys/kernel/config";
    std::string file = "/etc/nvmeroot/nvmeroot-nvmet.conf";
    std::string nqn;   ///< of the one thing that clear removes; empty: everything
    std::string keys;  ///< a directory for key files
    bool json = false;
    bool drop_keys = false;
    bool resize = false;
    bool late = false;  ///< only images that were not available before
};

std::span<const base::Option<CommandOptions>> option_table();

}  // namespace nvmet
