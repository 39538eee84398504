// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/auth_proof.h"

#include <algorithm>
#include <cerrno>

#include "base/fd.h"
#include "boot/side_task.h"

namespace boot {
namespace {

using base::Result;
using base::SysPaths;

/// A Diffie-Hellman exchange of 8192 bits on a slow machine, times the queues.
constexpr base::seconds kPatience{20};

Failure refusal(const std::string& text) {
    return Failure::final(ExitCode::kAuthentication, base::error(text));
}

/// No proof, and no refusal either.
Failure silence() {
    return Failure::doubt(ExitCode::kAuthentication,
                          base::error("the target fell silent in the middle of authentication; "
                                      "look at the target and the network"));
}

/// `hmac(sha256)` as `sha256`.
std::string_view hash_inside(std::string_view hmac) {
    constexpr std::string_view kBefore = "hmac(";
    if (hmac.starts_with(kBefore) && hmac.ends_with(')')) {
        hmac.remove_prefix(kBefore.size());
        hmac.remove_suffix(1);
    }
    return hmac;
}

bool is_failure(std::string_view line) {
    constexpr std::string_view kSigns[] = {"authentication failed",
                                           "setting up authentication",
                                           "authentication setup failed",
                                           "auth_send failed",
                                           "failed to receive",
                                           "invalid",
                                           "no key",
                                           "failed to allocate hash",
                                           "initializing DH group",
                                           "starting error recovery"};
    const bool of_queue = line.starts_with("qid ") || line.starts_with("starting");
    return of_queue && std::any_of(std::begin(kSigns), std::end(kSigns), [&](auto sign) {
               return line.find(sign) != std::string_view::npos;
           });
}

bool tells_of_digest(std::string_view line) {
    return line.find("digest error") != std::string_view::npos ||
           line.find("digest flag is cleared") != std::string_view::npos;
}

template <class Names>
bool is_allowed(const Names& allowed, std::string_view name) {
    return std::any_of(allowed.begin(), allowed.end(),
                       [&](auto id) { return nvme::name(id) == name; });
}

Outcome<base::Nothing> check_nothing_lost(const KernelLog& log) {
    if (log.lost()) {
        return refusal(
            "lines of the kernel's log were lost, so the authentication cannot be "
            "checked; raise log_buf_len= or silence what floods the log");
    }
    return base::done();
}

/// The file whose write starts the negotiation, and the text to write.
struct Trigger {
    std::string path;
    const base::Secret& secret;
};

Trigger trigger_of(const AuthPlan& plan, const Controller& controller, const SysPaths& sys) {
    const std::string folder = sys.sys + "/class/nvme/" + controller.name + "/";
    const bool mutual = plan.mode == Auth::kMutual;
    return {folder + (mutual ? "dhchap_ctrl_secret" : "dhchap_secret"),
            mutual ? plan.ctrl_secret : plan.host_secret};
}

/// Both writes go through a side task: the kernel waits for work that a silent target prolongs.
/// @return the errno with which the kernel refuses the text, or 0
Outcome<int> write_aside(const std::string& path, std::string_view text,
                         const base::Deadline& deadline) {
    TRY(SideTask task, staged(ExitCode::kAuthentication,
                              SideTask::start("authenticate again", [&]() -> Result<std::string> {
                                  TRY_VOID(base::write_text(path, text));
                                  return std::string();
                              })));
    const auto written = task.wait(deadline);
    if (!written && written.error().code == ETIMEDOUT) {
        return silence();
    }
    return written ? 0 : written.error().code;
}

/// Waits for the admin queue's part of the negotiation that was triggered after line `first`.
Outcome<AuthEvidence> await_admin_queue(const AuthPlan& plan, const Controller& controller,
                                        size_t first, KernelLog& log,
                                        const base::Deadline& deadline) {
    for (;;) {
        const auto evidence = read_evidence(log.of_controller(controller.name, first));
        const bool proven =
            evidence.host_accepted && (plan.mode != Auth::kMutual || evidence.controller_proven);
        if (proven || !evidence.failures.empty()) {
            return evidence;
        }
        TRY(const bool more, staged(ExitCode::kAuthentication, log.wait(deadline)));
        if (!more) {
            return silence();
        }
    }
}

/// Returns when the kernel has ended the negotiation of all queues.
Outcome<base::Nothing> await_end(const Trigger& trigger, const base::Deadline& deadline) {
    TRY(const int refused, write_aside(trigger.path, "DHHC-1:?", deadline));
    if (refused != EINVAL) {
        const std::string what = "the kernel did not tell the end of the authentication";
        return Failure::final(ExitCode::kAuthentication,
                              refused == 0 ? base::error(what) : base::errno_error(refused, what));
    }
    return base::done();
}

}  // namespace

AuthEvidence read_evidence(std::span<const std::string_view> lines) {
    constexpr std::string_view kAccepted = "qid 0: authenticated with hash ";
    constexpr std::string_view kGroup = " dhgroup ";
    AuthEvidence evidence;
    for (const std::string_view line : lines) {
        if (line.starts_with(kAccepted)) {
            const std::string_view rest = line.substr(kAccepted.size());
            const size_t group = rest.find(kGroup);
            if (group != std::string_view::npos) {
                evidence.host_accepted = true;
                evidence.hash = hash_inside(rest.substr(0, group));
                evidence.dhgroup = rest.substr(group + kGroup.size());
            }
        } else if (line == "qid 0: controller authenticated") {
            evidence.controller_proven = true;
        } else if (is_failure(line)) {
            evidence.failures.emplace_back(line);
        } else if (tells_of_digest(line)) {
            evidence.wrong_digest = line;
        }
    }
    return evidence;
}

Outcome<base::Nothing> judge(const AuthEvidence& evidence, const AuthPlan& plan) {
    const auto& failures = evidence.failures;
    if (!failures.empty() && !evidence.wrong_digest.empty()) {
        return Failure::passing(
            ExitCode::kConnect,
            base::error("what arrived in the middle of authentication does not "
                        "fit its digests (kernel: " +
                        evidence.wrong_digest + "); look at the target and at what lies between"));
    }
    const auto failed = std::ranges::find_if_not(failures, tells_of_lost_connection);
    if (failed != failures.end()) {
        // Some lines of the kernel do not tell a refusal from a connection that was lost.
        const bool lost = std::ranges::any_of(failures, tells_of_lost_connection);
        return (lost ? Failure::doubt : Failure::final)(
            ExitCode::kAuthentication,
            base::error("authentication failed on a queue (kernel: " + *failed +
                        "); the target must know this host's secret and its own on every queue"));
    }
    if (!failures.empty()) {
        return Failure::of(ExitCode::kConnect,
                           base::error("the connection was lost in the middle of authentication "
                                       "(kernel: " +
                                       failures.front() + ")"));
    }
    if (!evidence.host_accepted) {
        return refusal(
            "the target came up without asking this host for authentication; set the "
            "secrets for this host NQN on the target, or nvmeroot.auth=off here");
    }
    if (plan.mode == Auth::kMutual && !evidence.controller_proven) {
        return refusal(
            "the target never proved that it knows the controller secret; set "
            "dhchap_ctrl_key for this host on the target");
    }
    if (!is_allowed(plan.hashes, evidence.hash)) {
        return refusal("the target chose the hash " + evidence.hash +
                       ", which nvmeroot.dhchap_hash does not allow");
    }
    if (!is_allowed(plan.groups, evidence.dhgroup)) {
        return refusal("the target chose the Diffie-Hellman group " + evidence.dhgroup +
                       ", which nvmeroot.dhchap_dhgroup does not allow");
    }
    return base::done();
}

std::string describe(const AuthEvidence& evidence) {
    return std::string(evidence.controller_proven ? "both ways" : "this host only") + " with " +
           evidence.hash + " and " + evidence.dhgroup;
}

Outcome<AuthEvidence> prove_authentication(const AuthPlan& plan, const Controller& controller,
                                           const SysPaths& sys, const base::Clock& clock,
                                           KernelLog& log) {
    if (plan.mode == Auth::kOff) {
        return AuthEvidence{};
    }
    const base::Deadline deadline(clock, kPatience);
    TRY_VOID(judge(read_evidence(log.of_controller(controller.name)), plan));

    const size_t first = log.lines().size();
    const Trigger trigger = trigger_of(plan, controller, sys);
    TRY(const int refused, write_aside(trigger.path, trigger.secret.reveal(), deadline));
    if (refused != 0) {
        return Failure::final(ExitCode::kAuthentication,
                              base::errno_error(refused, "authenticate again"));
    }
    TRY(const AuthEvidence begun, await_admin_queue(plan, controller, first, log, deadline));
    TRY_VOID(judge(begun, plan));
    TRY_VOID(await_end(trigger, deadline));
    TRY_VOID(staged(ExitCode::kAuthentication, log.drain()));
    TRY_VOID(check_nothing_lost(log));
    AuthEvidence all = read_evidence(log.of_controller(controller.name));
    TRY_VOID(judge(all, plan));
    return all;
}

}  // namespace boot
