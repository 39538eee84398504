// SPDX-License-Identifier: GPL-2.0-or-later
//
// `nvmeroot plan`: a LoadedPlan for people or, as JSON, for programs. A PlanValue does not contain
// secrets, so they cannot be printed.
#pragma once

#include <string>

#include "boot/exit_code.h"
#include "boot/sources/load_plan.h"

namespace boot {

std::string plan_text(const LoadedPlan& loaded);
/// One JSON document and a new line; its members are listed in nvmeroot(8).
std::string plan_json(const LoadedPlan& loaded);

/// The exit code of the command: kDone, kNotAsked or kConfig.
ExitCode plan_exit_code(const LoadedPlan& loaded);

}  // namespace boot
