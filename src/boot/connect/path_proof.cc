// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/connect/path_proof.h"

#include "boot/connect/proof_record.h"
#include "boot/connect/root_controllers.h"

namespace boot {

AuthPlan demands_of(const AuthPlan& plan) {
    AuthPlan demands;
    demands.mode = plan.mode;
    demands.hashes = plan.hashes;
    demands.groups = plan.groups;
    return demands;
}

Outcome<base::Nothing> prove_path(const AuthPlan& policy, const std::string& controller,
                                  const base::SysPaths& sys, base::Clock& clock) {
    if (policy.mode == Auth::kOff) {
        return base::done();
    }
    TRY(KernelLog log, staged(ExitCode::kInternal, KernelLog::open(sys)));
    AuthPlan auth = demands_of(policy);
    if (auto taken = take_secrets(controller, auth, sys); !taken) {
        // A controller that went away has no files either.
        return is_live(controller, sys)
                   ? Failure::final(
                         ExitCode::kAuthentication,
                         std::move(taken).error().in("it was connected without a secret"))
                   : Failure::passing(ExitCode::kConnect, std::move(taken).error());
    }
    const Controller there{controller, {}, 0};
    TRY_VOID(prove_authentication(auth, there, reauthentication(auth, there, sys), clock, log));
    (void)note_proof(controller, log, sys);  // without it the proof is asked for again
    return base::done();
}

}  // namespace boot
