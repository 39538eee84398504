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

host::ProbeOptions options_of(const BootPlan& plan) {
    host::ProbeOptions options;
    options.hostnqn = plan.host.nqn;
    options.hostid = plan.host.id;
    options.subsysnqn = nvme::kDiscoveryNqn;
    options.kato_ms = 0;  // the connection is short, and older services know no keep-alive
    return options;
}

/// While it lives, the plan leads to a discovery service instead of the root.
class Detour {
  public:
    explicit Detour(BootPlan& plan)
        : plan_(plan),
          subsysnqn_(std::exchange(plan.target.subsysnqn, std::string(nvme::kDiscoveryNqn))),
          data_digest_(std::exchange(plan.connect.data_digest, false)),
          hdr_digest_(std::exchange(plan.connect.hdr_digest, false)) {}
    Detour(const Detour&) = delete;
    Detour& operator=(const Detour&) = delete;
    ~Detour() {
        plan_.target.subsysnqn = std::move(subsysnqn_);
        plan_.connect.data_digest = data_digest_;
        plan_.connect.hdr_digest = hdr_digest_;
    }

  private:
    BootPlan& plan_;
    std::string subsysnqn_;
    bool data_digest_;
    bool hdr_digest_;
};

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
Outcome<nvme::DiscoveryLog> read_by_kernel(Machine& machine, const Portal& service,
                                           const nvme::DiscoveryReading::Filter& wanted) {
    if (machine.plan.auth.mode == Auth::kOff) {
        return Failure::final(
            ExitCode::kAuthentication,
            base::error("the discovery controller demands authentication and no secret is "
                        "configured on this host; set dhchap_secret_file"));
    }
    const Detour detour(machine.plan);
    TRY(const ProvenController proven, connect_stage(machine, {service}));
    auto log = read_log(machine, proven.controller.name, wanted);
    undo(machine);
    // An abandoned connect may have come up late.
    for (const std::string& stray : controllers_of(machine.sys, machine.plan.target.subsysnqn)) {
        disconnect(stray, machine.sys, machine.clock);
    }
    machine.state.begin("discovery");
    return staged(ExitCode::kConnect, std::move(log));
}

/// The log of one service, or the reason why there is none.
Outcome<nvme::DiscoveryLog> log_of(Machine& machine, const Portal& service, const Talk& talk,
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
        return read_by_kernel(machine, service, wanted);
    }
    auto log = discovery.log();
    if (log) {
        return std::move(log).value();
    }
    return Failure::passing(verdict == nullptr ? ExitCode::kUnreachable : ExitCode::kConnect,
                            std::move(log).error());
}

void ask(Machine& machine, const std::vector<Portal>& services, DiscoveryWalk& walk) {
    const auto wanted = walk.filter();
    std::deque<host::Discovery> discoveries;
    std::vector<Talk> talks;
    for (const Portal& service : services) {
        talks.emplace_back(service, discoveries.emplace_back(options_of(machine.plan), wanted));
    }
    run_talks(
        talks, [&](size_t i) { return talks[i].failure().empty() && discoveries[i].log().ok(); },
        kGrace, machine.deadline.within(machine.plan.timeouts.probe));
    for (size_t i = 0; i < services.size(); ++i) {
        auto log = log_of(machine, services[i], talks[i], discoveries[i], wanted);
        if (log) {
            walk.take(services[i], *log);
        } else {
            walk.take(services[i], std::move(log).error());
        }
    }
}

}  // namespace

Outcome<std::vector<Portal>> discovery_stage(Machine& machine, const Network& network,
                                             std::vector<Portal> known) {
    BootPlan& plan = machine.plan;
    if (plan.target.discovery.empty()) {
        return known;
    }
    TRY(const auto services, resolve_stage(machine, network, plan.target.discovery));
    machine.state.begin("discovery");
    DiscoveryWalk walk(services, known.empty() ? plan.subsystems : plan.target.subsysnqn);
    for (auto round = walk.next_round(); !round.empty(); round = walk.next_round()) {
        ask(machine, round, walk);
    }
    for (const std::string& warning : walk.warnings()) {
        machine.state.warning(warning);
    }
    auto target = walk.conclude(plan.host.nqn);
    if (!target && known.empty()) {
        return std::move(target).error();
    }
    if (!target) {
        machine.state.warning(target.error().error.text + ", continuing without discovery");
        return known;
    }
    plan.target.subsysnqn = target->subsysnqn;
    if (const std::string odd = nvme::odd_name(plan.target.subsysnqn); !odd.empty()) {
        machine.state.warning(odd);
    }
    for (Portal& portal : target->portals) {
        const auto same = [&](const Portal& each) { return each.same_path(portal); };
        if (std::ranges::none_of(known, same)) {
            known.push_back(std::move(portal));
        }
    }
    machine.state.notice("discovery found " + plan.target.subsysnqn + " at " +
                         std::to_string(target->portals.size()) + " portals");
    return known;
}

}  // namespace boot
