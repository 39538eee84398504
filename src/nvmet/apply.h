// SPDX-License-Identifier: GPL-2.0-or-later
//
// Does a plan, all of it or nothing: if a step fails, the steps before it are reverted, the last one
// first. Optional steps are the exception: their failure changes nothing else.
#pragma once

#include <map>
#include <string>

#include "base/result.h"
#include "nvmet/plan.h"
#include "nvmet/tree.h"

namespace nvmet {

/// The optional steps that failed: path -> the kernel's reason.
using NotDone = std::map<std::string, std::string>;

/// @return an error that names the step, the kernel's reason, and what could not be taken back, if
/// anything could not. No secret is quoted.
base::Result<NotDone> apply(Tree& tree, const Steps& steps);

/// Takes the files that hold keys from everybody but root: the kernel makes them readable by all.
base::Status close_keys(Tree& tree, const Object& state);

}  // namespace nvmet
