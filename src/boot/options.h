// SPDX-License-Identifier: GPL-2.0-or-later
//
// The options of the program's commands.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/cli/options.h"
#include "base/result.h"
#include "base/sys_paths.h"
#include "boot/sources/load_plan.h"

namespace boot {

struct Options {
    /// Texts of --cmdline, or @FILE; the kernel's own command line when there is none.
    std::vector<std::string> cmdlines;
    std::string config;
    std::string root;
    std::string advice;  ///< boot: how to retry after a failure, for the console
    AuditPolicy verify;  ///< check: which blocks
    bool json = false;
    bool debug = false;    ///< boot: each step to stderr
    bool sealed = false;   ///< needs: sealed credentials too
    bool modules = false;  ///< needs: the kernel modules of every image
};

using OptionTable = std::span<const base::Option<Options>>;

/// The options of one command.
OptionTable boot_option_table();
OptionTable plan_option_table();
OptionTable needs_option_table();
OptionTable check_option_table();
OptionTable status_option_table();
OptionTable no_option_table();

/// The kernel's file systems, or those below options.root.
base::SysPaths sys_paths(const Options& options);

/// The input of load_plan. Errors: a command line cannot be read.
base::Result<PlanInput> plan_input(const Options& options, const base::SysPaths& sys);

}  // namespace boot
