// SPDX-License-Identifier: GPL-2.0-or-later
//
// The proof of a path to the root that runs already: nobody saw its connect, so nothing is known of
// it. The kernel is made to authenticate each queue again, with the secrets that it keeps, whatever
// the target asks for. I/O continues meanwhile.
#pragma once

#include <string>

#include "base/clock.h"
#include "base/sys_paths.h"
#include "boot/connect/auth_proof.h"

namespace boot {

/// The demands, without the secrets.
AuthPlan demands_of(const AuthPlan& plan);

/// Success is noted (proof_record.h).
/// @param policy  what the boot demanded; its secrets are not needed
/// Errors: prove_authentication()'s. kAuthentication, final: the kernel keeps no secret for the
/// controller. kInternal: the kernel's log cannot be read.
Outcome<base::Nothing> prove_path(const AuthPlan& policy, const std::string& controller,
                                  const base::SysPaths& sys, base::Clock& clock);

}  // namespace boot
