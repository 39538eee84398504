// SPDX-License-Identifier: GPL-2.0-or-later
//
// `nvmeroot status`: reports what happened at boot, from /run/nvmeroot/state.json, and the present
// state of the root's controllers.
#pragma once

#include <string>

#include "base/json_value.h"
#include "base/sys_paths.h"
#include "boot/exit_code.h"

namespace boot {

/// The state file for people.
/// @param sys  for the present states of the controllers
std::string status_text(const base::JsonValue& state, const base::SysPaths& sys);

/// Prints the state, with `json` the file as it is. @return the exit code of that boot; kNotAsked
/// if there was none
ExitCode status_command(bool json, const base::SysPaths& sys);

}  // namespace boot
