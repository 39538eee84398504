// SPDX-License-Identifier: GPL-2.0-or-later
//
// A plan for people and for programs. A key is never shown, only that it changes.
#pragma once

#include <string>

#include "base/result.h"
#include "nvmet/plan.h"

namespace nvmet {

/// One line a step, and a last line that counts them.
std::string plan_text(const Steps& steps);
/// `{"steps":[{"op":…,"path":…,"value":…,"before":…,"effect":…},…]}`
std::string plan_json(const Steps& steps);

/// The error, with a note if the operation requires root privileges.
std::string explained(const base::Error& error);

}  // namespace nvmet
