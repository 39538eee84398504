// SPDX-License-Identifier: GPL-2.0-or-later
//
// `nvmeroot plan`: a LoadedPlan for eyes or, as JSON, for programs. Secrets are not in a PlanValue
// and so cannot be printed.
#pragma once

#include <string>

#include "boot/exit_code.h"
#include "boot/sources/load_plan.h"

namespace boot {

std::string plan_text(const LoadedPlan& loaded);
/// One JSON document and a new line; its members are listed in nvmeroot(8).
std::string plan_json(const LoadedPlan& loaded);

/// What the command exits with: kDone, kNotAsked or kConfig.
ExitCode plan_exit_code(const LoadedPlan& loaded);

}  // namespace boot
