// SPDX-License-Identifier: GPL-2.0-or-later
#include "nvmet/command_options.h"

namespace nvmet {
namespace {

constexpr base::Option<CommandOptions> kOptions[] = {
    {"--configfs", "DIR", "mount point of configfs, or a copy of it or of its nvmet directory",
     [](std::string_view value, CommandOptions& options) {
         options.configfs = value;
         return base::Status(base::done());
     }},
    {"--json", "",
     "plan, apply, clear: print the steps as JSON; dump: print the format of nvmetcli",
     [](std::string_view /*value*/, CommandOptions& options) {
         options.json = true;
         return base::Status(base::done());
     }},
    {"--keys", "DIR",
     "directory for the keys of the hosts, one file for each key; for dump and import",
     [](std::string_view value, CommandOptions& options) {
         options.keys = value;
         return base::Status(base::done());
     }},
    {"--drop-keys", "", "allow the removal of keys that hosts have now",
     [](std::string_view /*value*/, CommandOptions& options) {
         options.drop_keys = true;
         return base::Status(base::done());
     }},
    {"--resize", "", "have the kernel check the sizes of the images again and notify the hosts",
     [](std::string_view /*value*/, CommandOptions& options) {
         options.resize = true;
         return base::Status(base::done());
     }},
    {"--late", "",
     "plan, apply: only export images that have become available, and change nothing else",
     [](std::string_view /*value*/, CommandOptions& options) {
         options.late = true;
         return base::Status(base::done());
     }},
};

}  // namespace

std::span<const base::Option<CommandOptions>> option_table() {
    return kOptions;
}

}  // namespace nvmet
