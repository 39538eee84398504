// SPDX-License-Identifier: GPL-2.0-or-later
//
// The command line of the program itself: `nvmeroot COMMAND [OPTION…] [OPERAND]`. Commands and
// options are two tables, which parsing, help and the suggestion for a misspelt word use.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/sys_paths.h"
#include "boot/sources/load_plan.h"

namespace boot {

enum class Command {
    kBoot,
    kPlan,
    kNeeds,
    kCheck,
    kStatus,
    kComplete,
    kShutdown,
    kWatch,
    kHelp,
    kVersion
};

struct Options {
    Command command = Command::kHelp;
    /// Texts of --cmdline, or @FILE; the kernel's own command line when there is none.
    std::vector<std::string> cmdlines;
    std::string config;
    std::string root;
    std::string advice;  ///< boot: how to retry after a failure, for the console
    std::string verify;  ///< check: which blocks, as the key of that name
    bool json = false;
    bool debug = false;   ///< boot: each step to stderr
    bool sealed = false;  ///< needs: sealed credentials too
    std::string operand;  ///< check: the device; needs: the directory; help: `keys`, or empty
};

/// @param arguments  without the program's name
/// Errors (usage): unknown command or option, an option that the command does not have, a missing
/// value or operand.
base::Result<Options> parse_options(std::span<const char* const> arguments);

/// The output of `nvmeroot help [keys]`.
std::string help_text(std::string_view topic);

/// The kernel's file systems, or those below options.root.
base::SysPaths sys_paths(const Options& options);

/// The input of load_plan. Errors: a command line cannot be read.
base::Result<PlanInput> plan_input(const Options& options, const base::SysPaths& sys);

}  // namespace boot
