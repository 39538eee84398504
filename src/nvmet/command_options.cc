// SPDX-License-Identifier: GPL-2.0-or-later
#include "nvmet/command_options.h"

namespace nvmet {
namespace {

constexpr base::Option<CommandOptions> kOptions[] = {
    {"--configfs", "DIR", "the mounted configfs, or a copy of it or of its nvmet directory",
     [](std::string_view value, CommandOptions& options) {
         options.configfs = value;
         return base::Status(base::done());
     }},
    {"--json", "", "plan, apply, clear: the steps for programs; dump: as nvmetcli saves it",
     [](std::string_view /*value*/, CommandOptions& options) {
         options.json = true;
         return base::Status(base::done());
     }},
    {"--keys", "DIR", "where dump and import put the hosts' keys, a file each",
     [](std::string_view value, CommandOptions& options) {
         options.keys = value;
         return base::Status(base::done());
     }},
    {"--drop-keys", "", "hosts may lose the keys that they have now",
     [](std::string_view /*value*/, CommandOptions& options) {
         options.drop_keys = true;
         return base::Status(base::done());
     }},
    {"--resize", "", "the kernel looks at the sizes of the images again and tells the hosts",
     [](std::string_view /*value*/, CommandOptions& options) {
         options.resize = true;
         return base::Status(base::done());
     }},
};

}  // namespace

std::span<const base::Option<CommandOptions>> option_table() {
    return kOptions;
}

}  // namespace nvmet
