// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/connect/auth_proof.h"

#include <algorithm>
#include <cerrno>
#include <optional>

#include "base/text.h"

namespace boot {
namespace {

/// A Diffie-Hellman exchange of 8192 bits on a slow machine, times the queues.
constexpr base::seconds kPatience{20};

Failure refusal(const std::string& text) {
    return Failure::final(ExitCode::kAuthentication, base::error(text));
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
                                           "controller did not authenticate",
                                           "authentication setup failed",
                                           "auth_send failed",
                                           "failed to receive",
                                           "invalid",
                                           "empty DH value",
                                           "no key",
                                           "failed to allocate hash",
                                           "initializing DH group",
                                           "starting error recovery"};
    const bool of_queue = line.starts_with("qid ") || line.starts_with("starting");
    return of_queue && std::any_of(std::begin(kSigns), std::end(kSigns), [&](auto sign) {
               return line.find(sign) != std::string_view::npos;
           });
}

/// `qid 3: authentication failed` as `3`.
std::string_view queue_of(std::string_view line) {
    constexpr std::string_view kBefore = "qid ";
    if (!line.starts_with(kBefore)) {
        return {};
    }
    line.remove_prefix(kBefore.size());
    return line.substr(0, line.find_first_not_of("0123456789"));
}

/// The kernel could not send the command, receive its completion, or compute the hash or the group:
/// it reports an errno. It reports the answer of the target as a status or in words.
bool is_own_cause(std::string_view line) {
    constexpr std::string_view kSigns[] = {
        "auth_send failed with error -", "failed to receive challenge, error -",
        "failed to receive success1, error -", "failed to allocate hash", "initializing DH group"};
    return !tells_of_lost_connection(line) && std::ranges::any_of(kSigns, [&](auto sign) {
        return line.find(sign) != std::string_view::npos;
    });
}

/// Ends a queue's lines, whatever the cause was.
bool is_summary(std::string_view line) {
    return line.find(": authentication failed") != std::string_view::npos;
}

/// Of a queue whose causes are all the kernel's own, the summary is so too.
void sort_out_own(AuthEvidence& evidence) {
    std::vector<std::string> foreign;
    for (const std::string& line : evidence.failures) {
        const auto same_queue = [&](const std::string& other) {
            return !is_summary(other) && queue_of(other) == queue_of(line);
        };
        const auto own = [&](const std::string& other) {
            return !same_queue(other) || is_own_cause(other);
        };
        const bool summed_up = is_summary(line) &&
                               std::ranges::any_of(evidence.failures, same_queue) &&
                               std::ranges::all_of(evidence.failures, own);
        (is_own_cause(line) || summed_up ? evidence.own_failures : foreign).push_back(line);
    }
    evidence.failures = std::move(foreign);
}

/// The kernel could not make sense of what the target sent: no secret was compared.
bool breaks_protocol(std::string_view line) {
    return line.find("invalid") != std::string_view::npos ||
           line.find("empty DH value") != std::string_view::npos;
}

/// @param line  of a queue that failed
std::string why_failed(const std::string& line) {
    if (breaks_protocol(line)) {
        return "the target violated the authentication protocol on a queue (kernel: " + line +
               "); the secrets are not the cause, check the target's software";
    }
    return "authentication failed on a queue (kernel: " + line +
           "); the target must know this host's secret and its own on every queue";
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
        return Failure::doubt(
            ExitCode::kAuthentication,
            base::error("lines of the kernel log were lost, so the authentication cannot be "
                        "checked; raise log_buf_len= or stop the messages that flood the log"));
    }
    return base::done();
}

enum class AdminQueue { kGood, kFailed, kUndecided };

AdminQueue look_at_admin_queue(const AuthPlan& plan, const AuthEvidence& evidence) {
    if (!evidence.failures.empty() || !evidence.own_failures.empty()) {
        return AdminQueue::kFailed;
    }
    const bool good =
        evidence.host_accepted && (plan.mode != Auth::kMutual || evidence.controller_proven);
    return good ? AdminQueue::kGood : AdminQueue::kUndecided;
}

/// Waits for the admin queue's part of the negotiation that was triggered after line `first`.
/// @return whether it went well
Outcome<bool> await_admin_queue(const AuthPlan& plan, const Controller& controller,
                                const Reauthentication& kernel, size_t first, KernelLog& log,
                                const base::Deadline& deadline) {
    constexpr base::milliseconds kLook{500};
    bool lost = false;
    for (auto looks = deadline.left() / kLook;;) {
        const auto queue =
            look_at_admin_queue(plan, read_evidence(log.of_controller(controller.name, first)));
        if (queue != AdminQueue::kUndecided) {
            return queue == AdminQueue::kGood;
        }
        if (lost) {
            return Failure::passing(
                ExitCode::kConnect,
                base::error("the connection was lost in the middle of authentication"));
        }
        TRY(const bool more, staged(ExitCode::kAuthentication, log.wait(deadline.within(kLook))));
        if (more) {
            continue;
        }
        TRY_VOID(check_nothing_lost(log));
        if (--looks < 0) {
            return fell_silent();
        }
        if (!kernel.is_live()) {
            lost = true;
            TRY_VOID(staged(ExitCode::kAuthentication, log.drain()));  // it may have told why
        }
    }
}

/// The kernel took a text that it must refuse, or refused (EINVAL) one that it must take: it does
/// not do what the proof relies on, or has no secret for this controller. Any other errno tells of
/// a controller that is going.
Failure not_taken(int code, const std::string& what) {
    if (code == 0 || code == EINVAL) {
        return Failure::final(ExitCode::kAuthentication,
                              code == 0 ? base::error(what) : base::errno_error(code, what));
    }
    return Failure::passing(ExitCode::kConnect, base::errno_error(code, what));
}

/// One negotiation of all queues, from the write that starts it to its end.
/// @return what the kernel's log says of it
Outcome<AuthEvidence> negotiate(const AuthPlan& plan, const Controller& controller,
                                const Reauthentication& kernel, KernelLog& log,
                                const base::Deadline& deadline) {
    TRY_VOID(staged(ExitCode::kAuthentication, log.drain()));
    const size_t first = log.lines().size();
    const base::Secret& secret = plan.mode == Auth::kMutual ? plan.ctrl_secret : plan.host_secret;
    TRY(const int refused, kernel.write(secret.reveal(), deadline));
    if (refused != 0) {
        return not_taken(refused, "authenticate again");
    }
    TRY(const bool went_well, await_admin_queue(plan, controller, kernel, first, log, deadline));
    AuthEvidence evidence = read_evidence(log.of_controller(controller.name, first));
    int end = EINVAL;
    // A failure of this host is retried: the lines of this time must not come later.
    if (went_well || evidence.failures.empty()) {
        TRY(end, kernel.write("DHHC-1:?", deadline));
    }
    TRY_VOID(staged(ExitCode::kAuthentication, log.drain()));
    evidence = read_evidence(log.of_controller(controller.name, first));
    if (end != EINVAL && evidence.failures.empty()) {
        return not_taken(end, "the kernel did not report the end of the authentication");
    }
    return evidence;
}

std::optional<uint32_t> first_unnamed(const AuthEvidence& evidence, uint32_t io_queues) {
    for (uint32_t queue = 1; queue <= io_queues; ++queue) {
        if (!evidence.queues.contains(queue)) {
            return queue;
        }
    }
    return std::nullopt;
}

/// negotiate(), made again until this host's kernel is able to do it.
Outcome<AuthEvidence> negotiate_in_the_end(const AuthPlan& plan, const Controller& controller,
                                           const Reauthentication& kernel, base::Clock& clock,
                                           KernelLog& log, const base::Deadline& deadline) {
    constexpr base::milliseconds kFirstPause{20};
    constexpr base::milliseconds kLongestPause{1000};
    for (auto pause = kFirstPause;; pause = std::min(pause * 2, kLongestPause)) {
        TRY(AuthEvidence evidence, negotiate(plan, controller, kernel, log, deadline));
        const bool own = !evidence.own_failures.empty() && evidence.failures.empty();
        if (!own || deadline.left() <= pause) {
            return evidence;
        }
        clock.sleep(pause);
    }
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
        } else if (const auto queue = named_queue(line)) {
            evidence.queues.insert(*queue);
        } else if (is_failure(line)) {
            evidence.failures.emplace_back(line);
        } else if (tells_of_digest(line)) {
            evidence.wrong_digest = line;
        }
    }
    sort_out_own(evidence);
    return evidence;
}

Outcome<base::Nothing> judge(const AuthEvidence& evidence, const AuthPlan& plan) {
    const auto& failures = evidence.failures;
    if (!failures.empty() && !evidence.wrong_digest.empty()) {
        return Failure::passing(
            ExitCode::kConnect,
            base::error(
                "data that arrived during authentication does not match its digests (kernel: " +
                evidence.wrong_digest + "); check the target and the network"));
    }
    const auto failed = std::ranges::find_if_not(failures, tells_of_lost_connection);
    if (failed != failures.end()) {
        // Some lines of the kernel do not tell a refusal from a connection that was lost.
        const bool lost = std::ranges::any_of(failures, tells_of_lost_connection);
        return (lost ? Failure::doubt : Failure::final)(ExitCode::kAuthentication,
                                                        base::error(why_failed(*failed)));
    }
    if (!failures.empty()) {
        return Failure::of(ExitCode::kConnect,
                           base::error("the connection was lost during authentication (kernel: " +
                                       failures.front() + ")"));
    }
    if (!evidence.own_failures.empty()) {
        return Failure::passing(
            ExitCode::kConnect,
            base::error("this machine's kernel was too busy to authenticate a queue (kernel: " +
                        evidence.own_failures.front() + "); the target is not the cause"));
    }
    if (!evidence.host_accepted) {
        return refusal(
            "the target came up without asking this host for authentication; set the secrets of "
            "this host NQN on the target, or nvmeroot.auth=off on this host");
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

std::string what_is_unproven(const AuthEvidence& evidence) {
    if (!evidence.unnamed) {
        return {};
    }
    const std::string queue = "queue " + std::to_string(*evidence.unnamed);
    return evidence.queues.contains(0)
               ? "the target requests authentication only on its admin queue, and this kernel then "
                 "authenticates no other queue: " +
                     queue +
                     " carries data without authentication; make the target request authentication "
                     "on every queue"
               : "this kernel does not log the queues that it authenticates, so the authentication "
                 "is unknown for " +
                     queue + "; boot a kernel with CONFIG_DYNAMIC_DEBUG";
}

Outcome<base::Nothing> judge_connect(const AuthPlan& plan, const Controller& controller,
                                     const KernelLog& log) {
    if (plan.mode == Auth::kOff) {
        return base::done();
    }
    TRY_VOID(check_nothing_lost(log));
    return judge(read_evidence(log.of_controller(controller.name)), plan);
}

Outcome<AuthEvidence> prove_authentication(const AuthPlan& plan, const Controller& controller,
                                           const Reauthentication& kernel, base::Clock& clock,
                                           KernelLog& log) {
    if (plan.mode == Auth::kOff) {
        return AuthEvidence{};
    }
    (void)kernel.name_queues();  // one that cannot names none
    const base::Deadline deadline(clock, kPatience);
    TRY(const AuthEvidence last,
        negotiate_in_the_end(plan, controller, kernel, clock, log, deadline));
    TRY_VOID(judge(last, plan));
    TRY_VOID(check_nothing_lost(log));
    TRY(const uint32_t io_queues, kernel.io_queues());
    AuthEvidence all = read_evidence(log.of_controller(controller.name));
    all.own_failures.clear();  // they were tried again, and `last` has none
    all.queues = last.queues;
    all.unnamed = first_unnamed(last, io_queues);
    TRY_VOID(judge(all, plan));
    return all;
}

}  // namespace boot
