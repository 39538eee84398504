// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/reach/probe_portals.h"

#include <algorithm>
#include <deque>
#include <optional>

#include "base/join.h"
#include "boot/reach/talk.h"

namespace boot {
namespace {

using host::Verdict;

/// Once one portal is live, the others get this long to be live too.
constexpr base::milliseconds kGrace{50};

host::ProbeOptions options_of(const ConnectRequest& request) {
    host::ProbeOptions options;
    options.hostnqn = request.host.nqn;
    options.hostid = request.host.id;
    options.subsysnqn = request.subsysnqn;
    options.header_digest = request.options.hdr_digest;
    options.data_digest = request.options.data_digest;
    options.kato_ms = static_cast<uint32_t>(
        std::chrono::duration_cast<base::milliseconds>(request.options.keep_alive_tmo).count());
    return options;
}

Verdict verdict_of(const Talk& talk, const host::Probe& probe) {
    if (!talk.failure().empty()) {
        return {Verdict::Kind::kUnreachable, talk.failure(), {}, {}, {}};
    }
    return *probe.verdict();
}

}  // namespace

Failure combined(const std::vector<Failure>& failures) {
    const auto passing = std::find_if(failures.begin(), failures.end(),
                                      [](const Failure& failure) { return failure.retry; });
    Failure result = passing != failures.end() ? *passing : failures.front();
    result.error.text = base::join(failures, "; ", [](const Failure& failure) {
        return std::string_view(failure.error.text);
    });
    return result;
}

Outcome<base::Nothing> judge_verdict(const Verdict& verdict, Auth demanded) {
    const auto failure = [&](ExitCode code, bool retry, const char* remedy) {
        return Failure{code, retry, base::error(verdict.text + remedy)};
    };
    switch (verdict.kind) {
        case Verdict::Kind::kAccepted:
            break;
        case Verdict::Kind::kUnreachable:
            return failure(ExitCode::kUnreachable, true,
                           "; check address, port, network and that the target runs");
        case Verdict::Kind::kNotNvme:
            return failure(ExitCode::kUnreachable, true, "; check the port");
        case Verdict::Kind::kUnusable:
            return failure(ExitCode::kConnect, false, "");
        case Verdict::Kind::kNoSubsystem:
            return failure(ExitCode::kRefused, false,
                           "; check the subsystem NQN in the URI and on the target");
        case Verdict::Kind::kHostNotAllowed:
            return failure(ExitCode::kRefused, false,
                           "; add this host's NQN to the subsystem's hosts on the target");
        case Verdict::Kind::kBusy:
            return failure(ExitCode::kRefused, true, "");
        case Verdict::Kind::kRefused:
            return failure(ExitCode::kRefused, false, "");
        case Verdict::Kind::kProtocolError:
            return failure(ExitCode::kConnect, true, "");
    }
    const char* problem = nullptr;
    if (verdict.connect.secure_channel_required) {
        problem = "the target demands a secure channel (TLS), which nvmeroot does not support";
    } else if (demanded != Auth::kOff && !verdict.connect.authentication_required) {
        problem =
            "the target does not ask this host for authentication; set this host's secrets on the "
            "target, or nvmeroot.auth=off on this host";
    } else if (demanded == Auth::kOff && verdict.connect.authentication_required) {
        problem =
            "the target demands authentication and no secret is configured on this host; set "
            "dhchap_secret_file";
    }
    if (problem != nullptr) {
        return Failure::final(ExitCode::kAuthentication, base::error(problem));
    }
    return base::done();
}

Outcome<std::vector<Portal>> probe_portals(const ConnectRequest& request,
                                           const std::vector<Portal>& portals,
                                           const base::Clock& clock,
                                           const std::function<void(const std::string&)>& warn) {
    std::deque<host::Probe> probes;
    std::vector<Talk> talks;
    for (const Portal& portal : portals) {
        talks.emplace_back(portal, probes.emplace_back(options_of(request)));
    }
    const auto judge = [&](size_t i) {
        return judge_verdict(verdict_of(talks[i], probes[i]), request.auth.mode);
    };
    run_talks(
        talks, [&](size_t i) { return judge(i).ok(); }, kGrace,
        base::Deadline(clock, request.probe_timeout));

    std::vector<Portal> live;
    std::vector<Failure> failures;
    for (size_t i = 0; i < portals.size(); ++i) {
        auto judged = judge(i);
        if (judged) {
            live.push_back(portals[i]);
            continue;
        }
        Failure failure = std::move(judged).error();
        failure.error = std::move(failure.error).in(portals[i].text());
        failures.push_back(std::move(failure));
    }
    if (live.empty()) {
        return combined(failures);
    }
    for (const Failure& failure : failures) {
        warn(failure.error.text + ", continuing with another portal");
    }
    return live;
}

}  // namespace boot
