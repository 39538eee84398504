// SPDX-License-Identifier: GPL-2.0-or-later
//
// The options of `nvmeroot-target serve`. Without --config they describe one subsystem, in the very
// settings an ini file is made of, so that both go through the same checks.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/cli/options.h"
#include "export/export_config.h"
#include "target/reactor/reactor.h"

namespace target {

struct ServeOptions {
    std::string config;  ///< empty: the settings below are the configuration
    std::vector<exports::Setting> settings;
    Reactor::Engine engine = Reactor::Engine::kAny;
    bool verbose = false;

    // while the options are read
    std::vector<std::string> images;
    std::vector<std::string> hosts;  ///< names of sections
    bool nqn_given = false;
};

std::span<const base::Option<ServeOptions>> serve_option_table();

/// Adds the settings that a command line need not give.
/// @param machine  distinguishes this machine from others in the default NQN
/// Errors name the options that are missing or exclude each other.
base::Status complete_serve_options(ServeOptions& options, std::string_view machine);

}  // namespace target
