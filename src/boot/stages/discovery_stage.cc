// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/stages/discovery_stage.h"

#include <algorithm>
#include <deque>
#include <functional>
#include <utility>

#include "boot/kernel/admin_device.h"
#include "boot/reach/discovery_walk.h"
#include "boot/reach/probe_portals.h"
#include "boot/reach/talk.h"
#include "host/discovery.h"

namespace boot {
namespace {

/// Once one service has told its log, the others of its round get this long to tell theirs.
constexpr base::milliseconds kGrace{1000};

host::ProbeOptions options_of(const HostIdentity& host) {
    host::ProbeOptions options;
    options.hostnqn = host.nqn;
    options.hostid = host.id;
    options.subsysnqn = nvme::kDiscoveryNqn;
    options.kato_ms = 0;  // the connection is short, and older services know no keep-alive
    return options;
}

/// The kernel's connect to a discovery service, which has no digests.
Goal discovery_goal(const BootPlan& plan, const HostIdentity& host) {
    Goal goal{request_of(plan, host, std::string(nvme::kDiscoveryNqn)), {}};
    goal.request.options.data_digest = false;
    goal.request.options.hdr_digest = false;
    return goal;
}

base::Result<nvme::DiscoveryLog> read_log(Machine& machine, const std::string& controller,
                                          const nvme::DiscoveryReading::Filter& wanted) {
    TRY(CharDevice device, CharDevice::open(machine.sys.dev + "/" + controller, machine.clock,
                                            machine.patience().next()));
    const base::Deadline deadline = machine.deadline.within(machine.plan.timeouts.probe);
    nvme::DiscoveryReading reading(wanted);
    while (!reading.done()) {
        if (deadline.passed()) {
            return base::error(
                "the discovery log did not end in time; it is too long, or the service is too "
                "slow");
        }
        const auto piece = reading.next();
        TRY(const base::Bytes bytes,
            device.log_page(nvme::LogPage::kDiscovery, piece.length, piece.offset));
        TRY_VOID(reading.take(bytes));
    }
    return reading.log();
}

/// A service that requires authentication: the kernel supports it.
Outcome<nvme::DiscoveryLog> read_by_kernel(Machine& machine, const HostIdentity& host,
                                           const Portal& service,
                                           const nvme::DiscoveryReading::Filter& wanted) {
    if (machine.plan.auth.mode == Auth::kOff) {
        return Failure::final(
            ExitCode::kAuthentication,
            base::error("the discovery controller demands authentication and no secret is "
                        "configured on this host; set dhchap_secret_file"));
    }
    TRY(const ProvenController proven,
        connect_stage(machine, discovery_goal(machine.plan, host), {service}));
    auto log = read_log(machine, proven.controller.name, wanted);
    undo(machine);
    // An abandoned connect may have come up late.
    for (const std::string& stray : controllers_of(machine.sys, nvme::kDiscoveryNqn)) {
        disconnect(stray, machine.sys, machine.clock);
    }
    machine.state.begin("discovery");
    return staged(ExitCode::kConnect, std::move(log));
}

/// The log of one service, or the reason why there is none.
Outcome<nvme::DiscoveryLog> log_of(Machine& machine, const HostIdentity& host,
                                   const Portal& service, const Talk& talk,
                                   const host::Discovery& discovery,
                                   const nvme::DiscoveryReading::Filter& wanted) {
    if (!talk.failure().empty()) {
        return Failure::of(ExitCode::kUnreachable, base::error(talk.failure()));
    }
    const host::Verdict* verdict = discovery.verdict();
    if (verdict != nullptr && (verdict->kind != host::Verdict::Kind::kAccepted ||
                               verdict->connect.secure_channel_required)) {
        return judge_verdict(*verdict, Auth::kOff).error();
    }
    if (discovery.wants_authentication()) {
        return read_by_kernel(machine, host, service, wanted);
    }
    auto log = discovery.log();
    if (log) {
        return std::move(log).value();
    }
    return Failure::passing(verdict == nullptr ? ExitCode::kUnreachable : ExitCode::kConnect,
                            std::move(log).error());
}

void ask(Machine& machine, const HostIdentity& host, const std::vector<Portal>& services,
         DiscoveryWalk& walk) {
    const auto wanted = walk.filter();
    std::deque<host::Discovery> discoveries;
    std::vector<Talk> talks;
    for (const Portal& service : services) {
        talks.emplace_back(service, discoveries.emplace_back(options_of(host), wanted));
    }
    run_talks(
        talks, [&](size_t i) { return talks[i].failure().empty() && discoveries[i].log().ok(); },
        kGrace, machine.deadline.within(machine.plan.timeouts.probe));
    for (size_t i = 0; i < services.size(); ++i) {
        auto log = log_of(machine, host, services[i], talks[i], discoveries[i], wanted);
        if (log) {
            walk.take(services[i], *log);
        } else {
            walk.take(services[i], std::move(log).error());
        }
    }
}

}  // namespace

Outcome<Destination> discovery_stage(Machine& machine, const OnNetwork& up) {
    Destination root = up.destination;
    std::vector<Portal>& known = root.target.portals;
    TRY(known, resolve_stage(machine, up.network, known));
    if (root.target.discovery.empty()) {
        return root;
    }
    TRY(const auto services, resolve_stage(machine, up.network, root.target.discovery));
    machine.state.begin("discovery");
    DiscoveryWalk walk(services, known.empty() ? root.subsystems : root.target.subsysnqn);
    for (auto round = walk.next_round(); !round.empty(); round = walk.next_round()) {
        ask(machine, root.host, round, walk);
    }
    for (const std::string& warning : walk.warnings()) {
        machine.state.warning(warning);
    }
    auto found = walk.conclude(root.host.nqn);
    if (!found && known.empty()) {
        return std::move(found).error();
    }
    if (!found) {
        machine.state.warning(found.error().error.text + ", continuing without discovery");
        return root;
    }
    root.target.subsysnqn = found->subsysnqn;
    if (const std::string odd = nvme::odd_name(found->subsysnqn); !odd.empty()) {
        machine.state.warning(odd);
    }
    for (Portal& portal : found->portals) {
        const auto same = [&](const Portal& each) { return each.same_path(portal); };
        if (std::ranges::none_of(known, same)) {
            known.push_back(std::move(portal));
        }
    }
    machine.state.notice("discovery found " + root.target.subsysnqn + " at " +
                         std::to_string(found->portals.size()) + " portals");
    return root;
}

}  // namespace boot
