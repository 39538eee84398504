// SPDX-License-Identifier: GPL-2.0-or-later
//
// Does a plan, all of it or nothing: when a step fails, those before it are taken back, the last
// one first.
#pragma once

#include "base/result.h"
#include "nvmet/plan.h"
#include "nvmet/tree.h"

namespace nvmet {

/// @return an error that names the step, the kernel's reason, and what could not be taken back, if
/// anything could not. No secret is quoted.
base::Status apply(Tree& tree, const Steps& steps);

/// Takes the files that hold keys from everybody but root: the kernel makes them readable by all.
base::Status close_keys(Tree& tree, const Object& state);

}  // namespace nvmet
