// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/stages/boot.h"

#include <algorithm>
#include <utility>

#include "base/backoff.h"
#include "base/fd.h"
#include "base/text.h"
#include "boot/check/namespace_finder.h"
#include "boot/check/pi_check.h"
#include "boot/check/root_hint.h"
#include "boot/connect/auth_proof.h"
#include "boot/connect/proof_record.h"
#include "boot/connect/root_controllers.h"
#include "boot/handover/module_file_system.h"
#include "boot/handover/path_record.h"
#include "boot/kernel/admin_device.h"
#include "boot/kernel/admin_timeout.h"
#include "boot/kernel/modules.h"
#include "boot/kernel/udev.h"
#include "boot/net/network_handover.h"
#include "boot/net/network_memory.h"
#include "boot/plan/templates.h"
#include "boot/reach/path_interfaces.h"
#include "boot/reach/probe_portals.h"
#include "boot/reach/reach.h"
#include "boot/reach/resolver.h"
#include "boot/sources/root_path.h"

namespace boot {
namespace {

using base::Result;

/// The side task that loads modules, ended. Once only: later attempts find it done.
Outcome<base::Nothing> await_modules(Machine& machine) {
    if (!machine.storage_modules) {
        return base::done();
    }
    machine.state.begin("modules");
    constexpr base::seconds kPatience{60};
    SideTask task = *std::exchange(machine.storage_modules, std::nullopt);
    TRY_VOID(staged(ExitCode::kModules, task.wait(machine.deadline.within(kPatience))));
    return base::done();
}

/// An existing path to this subsystem is not a root that was handed over (main.cc has checked): an
/// abandoned connect came up late, or an earlier run died.
void remove_strays(Machine& machine, const std::string& subsysnqn) {
    for (const std::string& name : controllers_of(machine.sys, subsysnqn)) {
        machine.state.warning(name + " is left over from an earlier attempt, disconnecting it");
        disconnect(name, machine.sys, machine.clock);
    }
}

Outcome<FoundDisk> find(Machine& machine, const Goal& goal, const std::string& controller) {
    const auto deadline = machine.patience().next();
    TRY(CharDevice device,
        staged(ExitCode::kConnect,
               CharDevice::open(machine.sys.dev + "/" + controller, machine.clock, deadline)));
    TRY(const RootNamespace root, await_namespace(device, goal.choice, machine.clock, deadline));
    TRY(Disk disk, await_disk(machine.sys, controller, goal.request.subsysnqn, root, machine.clock,
                              machine.patience()));
    return FoundDisk{root, std::move(disk)};
}

Outcome<ProvenController> connect_one(Machine& machine, const Goal& goal, const Portal& portal,
                                      KernelLog& log) {
    const AuthPlan& auth = goal.request.auth;
    machine.state.begin("connect");
    TRY(const Controller controller,
        connect(goal.request, portal, machine.sys, machine.clock, log));
    machine.controller = controller.name;
    TRY_VOID(judge_connect(auth, controller, log));
    FoundDisk found;
    if (!goal.request.to_discovery()) {
        machine.state.begin("namespace");
        TRY(found, find(machine, goal, controller.name));
    }
    machine.state.begin("authentication");
    TRY(const AuthEvidence evidence,
        prove_authentication(auth, controller, reauthentication(auth, controller, machine.sys),
                             machine.clock, log));
    if (const auto noted = note_proof(controller.name, log, machine.sys); !noted) {
        machine.state.warning(noted.error().text + ", continuing; the proof will be made again");
    }
    if (const std::string unproven = what_is_unproven(evidence); !unproven.empty()) {
        machine.state.warning(unproven);
    }
    const bool proven = auth.mode != Auth::kOff;
    return ProvenController{controller, proven ? describe(evidence) : std::string(), found};
}

/// The format, and what the kernel made of it.
struct CheckedFormat {
    nvme::PiFormat format;
    KernelView kernel;
};

Outcome<CheckedFormat> check_format(Machine& machine, const std::string& controller,
                                    const FormatPolicy& policy, const FoundDisk& found) {
    TRY(const nvme::PiFormat format, ask_format(machine, controller, found.root));
    TRY(KernelView kernel,
        staged(ExitCode::kConnect, read_kernel_view(machine.sys, controller, found.disk)));
    TRY_VOID(judge_format(format, found.root.identify.nsze, kernel, policy));
    return CheckedFormat{format, std::move(kernel)};
}

/// check_format(), tried again while the kernel may not have seen yet what the target says.
Outcome<CheckedFormat> await_format(Machine& machine, const Goal& goal,
                                    const std::string& controller, const FormatPolicy& policy,
                                    FoundDisk& found) {
    constexpr base::milliseconds kPause{200};
    const auto deadline = machine.patience().next();
    for (;;) {
        auto checked = check_format(machine, controller, policy, found);
        if (checked || !checked.error().retry) {
            return checked;
        }
        if (deadline.passed()) {
            const ExitCode code = checked.error().code;
            return Failure::of(code, std::move(checked).error().error);
        }
        rescan(machine.sys, controller);
        machine.clock.sleep(kPause);
        TRY(found, find(machine, goal, controller));
    }
}

/// DHCPv6 has no option 17 of DHCPv4; its boot file URL (RFC 5970) says the same.
std::string root_path_of(const Interface& interface) {
    if (interface.lease && !interface.lease->root_path.empty()) {
        return interface.lease->root_path;
    }
    return interface.dhcp6 ? interface.dhcp6->boot_file_url : std::string();
}

/// The contents of the disk are read in a side task, because the target may have become silent. The
/// modules are this machine's own affair, and none is given up in the middle: the mount takes one
/// that is being loaded for one that is there. Whatever comes of it, the root is handed over.
void load_file_systems_of(const Root& root, Machine& machine, const base::Deadline& deadline) {
    machine.state.begin("file system");
    auto reading = SideTask::start("file system", [&]() -> Result<std::string> {
        std::vector<std::string> devices = root.partitions;
        devices.push_back(root.disk.name);
        std::string names;
        for (const std::string& name : file_systems_on(devices, machine.sys)) {
            names += name + " ";
        }
        return names;
    });
    if (const auto found = reading ? reading->wait(deadline) : Result<std::string>(std::string())) {
        load_file_systems(base::split_words(*found), machine.sys);
    }
}

/// Aside for the same reason.
void hint_at_root(const Root& root, Machine& machine, const base::Deadline& deadline) {
    auto task = SideTask::start("root=", [&]() -> Result<std::string> {
        return root_hint(
            {machine.plan.root, root.disk.name, root.partitions, machine.plan.load_modules},
            machine.sys);
    });
    const auto hint = task ? task->wait(deadline) : Result<std::string>(std::string());
    if (hint && !hint->empty()) {
        machine.state.alarm(*hint);
    }
}

/// In a process of its own: fills in what the lease says of the target.
base::Status reach_target(const Machine& machine, const Network& network) {
    Target target = machine.plan.target;
    if (machine.plan.target_from_dhcp) {
        auto named =
            target_of_root_path(root_path(network, machine.plan.network.bootdev), machine.plan);
        if (!named) {
            return std::move(named).error().error;
        }
        target = std::move(named).value();
    }
    std::vector<Portal> places = std::move(target.portals);
    places.insert(places.end(), target.discovery.begin(), target.discovery.end());
    return reach(places, network, machine.sys, machine.clock);
}

std::string size_text(uint64_t bytes) {
    constexpr uint64_t kMebi = 1024 * 1024;
    return std::to_string((bytes + kMebi / 2) / kMebi) + " MiB";
}

}  // namespace

Outcome<nvme::PiFormat> ask_format(Machine& machine, const std::string& controller,
                                   const RootNamespace& root) {
    TRY(CharDevice device,
        staged(ExitCode::kConnect, CharDevice::open(machine.sys.dev + "/" + controller,
                                                    machine.clock, machine.patience().next())));
    auto format = read_format(device, root);
    if (!format) {
        const bool refused = format.error().code == 0;
        return Failure::passing(refused ? ExitCode::kFormat : ExitCode::kConnect,
                                std::move(format).error());
    }
    return std::move(format).value();
}

std::string root_path(const Network& network, std::string_view bootdev) {
    std::string path;
    for (const Interface& interface : network.interfaces) {
        const std::string found = root_path_of(interface);
        if (path.empty() || (interface.name == bootdev && !found.empty())) {
            path = found;
        }
    }
    return path;
}

void undo(Machine& machine) {
    const std::string controller = std::exchange(machine.controller, std::string());
    if (!controller.empty()) {
        disconnect(controller, machine.sys, machine.clock);
    }
}

Outcome<base::Nothing> start_modules(Machine& machine) {
    if (!machine.plan.load_modules) {
        return base::done();
    }
    machine.state.begin("drivers");
    TRY(const auto problems,
        staged(ExitCode::kModules, load_network_modules(machine.plan, machine.sys)));
    for (const std::string& problem : problems) {
        machine.state.warning(problem + ", continuing without it");
    }
    TRY(machine.storage_modules,
        staged(ExitCode::kModules, SideTask::start("modules", [&]() -> Result<std::string> {
                   TRY_VOID(load_storage_modules(machine.plan, machine.sys));
                   return std::string();
               })));
    return base::done();
}

Outcome<const OnNetwork*> network_stage(Machine& machine) {
    if (machine.network) {
        return &*machine.network;
    }
    machine.state.begin("network");
    constexpr base::seconds kUdevPatience{3};
    await_interface_names(machine.sys, machine.clock, machine.deadline.within(kUdevPatience));
    NetworkPlan wanted = machine.plan.network;
    wanted.ended_leases = ended_leases(machine.sys, machine.clock.now());
    TRY(Network network,
        staged(ExitCode::kNetwork,
               bring_up(wanted, machine.clock, machine.deadline,
                        [&](const Network& so_far) { return reach_target(machine, so_far); })));
    recall(network, machine.sys);
    if (const auto noted = remember(network, machine.sys); !noted) {
        machine.state.warning(noted.error().text +
                              ", continuing; another run would not reuse the lease");
    }
    std::string places;
    for (const Interface& interface : network.interfaces) {
        places += " " + interface.name;
        for (const Subnet& address : interface.addresses) {
            places += " " + address.text();
        }
    }
    for (const std::string& warning : network.warnings) {
        machine.state.warning(warning);
    }
    Target target = machine.plan.target;
    if (machine.plan.target_from_dhcp) {
        TRY(target, target_of_root_path(root_path(network, wanted.bootdev), machine.plan));
        if (const std::string odd = nvme::odd_name(target.subsysnqn); !odd.empty()) {
            machine.state.warning(odd);
        }
    }
    TRY(Destination destination,
        fill_in_names(machine_names(network, machine.plan.network, machine.sys), machine.plan,
                      std::move(target)));
    for (auto* portals : {&destination.target.portals, &destination.target.discovery}) {
        name_interfaces(network, *portals,
                        [&](const std::string& text) { machine.state.warning(text); });
    }
    machine.state.notice("network is up:" + places);
    machine.network = OnNetwork{std::move(network), std::move(destination)};
    return &*machine.network;
}

Outcome<std::vector<Portal>> resolve_stage(Machine& machine, const Network& network,
                                           const std::vector<Portal>& portals) {
    if (std::none_of(portals.begin(), portals.end(), std::mem_fn(&Portal::is_name))) {
        return portals;
    }
    machine.state.begin("names");
    constexpr base::seconds kPatience{15};
    return staged(ExitCode::kNetwork,
                  resolve_portals(portals, name_servers(network, machine.sys),
                                  machine.deadline.within(kPatience),
                                  [&](const std::string& text) { machine.state.warning(text); }));
}

Outcome<std::vector<Portal>> probe_stage(Machine& machine, const Network& network,
                                         const Destination& root) {
    if (!machine.plan.probe || network.interfaces.empty()) {
        return root.target.portals;
    }
    machine.state.begin("probe");
    return probe_portals(goal_of(machine.plan, root).request, root.target.portals, machine.clock,
                         [&](const std::string& text) { machine.state.warning(text); });
}

Goal goal_of(const BootPlan& plan, const Destination& root) {
    return {request_of(plan, root.host, root.target.subsysnqn), root.target.choice};
}

Outcome<ProvenController> connect_stage(Machine& machine, const Goal& goal,
                                        const std::vector<Portal>& portals) {
    TRY_VOID(await_modules(machine));
    // An abandoned command delays the next attempt for as long as the kernel still waits for it.
    const ShortAdminTimeout short_timeout(machine.sys,
                                          std::chrono::ceil<base::seconds>(goal.request.timeout));
    remove_strays(machine, goal.request.subsysnqn);
    std::optional<Failure> last;
    for (const Portal& portal : portals) {
        // One log for each connect: a controller's name is used again after it is gone.
        TRY(KernelLog log, staged(ExitCode::kInternal, KernelLog::open(machine.sys)));
        machine.state.trace("connect to " + portal.text());
        auto proven = connect_one(machine, goal, portal, log);
        machine.state.keep(log.lines());
        if (proven) {
            const std::string how = proven->authentication.empty()
                                        ? ", without authentication"
                                        : ", authenticated " + proven->authentication;
            machine.state.notice("connected " + machine.controller + " to " + portal.address + how);
            return proven;
        }
        undo(machine);
        last = std::move(proven).error();
        if (!last->retry) {
            break;
        }
    }
    return last ? *last
                : Failure::final(ExitCode::kInternal, base::error("no portal was left to try"));
}

Outcome<CheckedDisk> check_stage(Machine& machine, const Goal& goal, const ProvenController& proven,
                                 const AuditedView* audited) {
    machine.state.begin("format");
    const BootPlan& plan = machine.plan;
    FormatPolicy policy = plan.format;
    if (audited != nullptr) {
        // The protection asked for is the target's, behind plain blocks; the audit has judged it.
        policy = {.pi_type = {}, .guard_bits = {}, .block_size = policy.block_size};
    }
    FoundDisk found = proven.found;
    TRY(const auto checked, await_format(machine, goal, proven.controller.name, policy, found));
    const auto& [root, disk] = found;
    TRY_VOID(judge_digest(checked.kernel, plan.integrity));
    std::string protection = protection_sentence(checked.format, checked.kernel);
    if (audited != nullptr) {
        TRY_VOID(compare_with_root(*audited, root, plan.audit));
        protection += ", audited: " + audited->sentence;
    }
    machine.state.notice("root is NSID " + std::to_string(root.nsid) + ", " + disk.wwid + ", " +
                         size_text(disk.size_bytes) + ": " + protection);
    return CheckedDisk{proven, root.nsid, disk, protection};
}

Outcome<Root> hand_over_stage(Machine& machine, const Destination& destination,
                              const CheckedDisk& checked, const Network& network) {
    machine.state.begin("hand-over");
    Root root;
    root.controller = checked.proven.controller;
    root.subsysnqn = destination.target.subsysnqn;
    root.nsid = checked.nsid;
    root.disk = checked.disk;
    root.authentication = checked.proven.authentication;
    root.protection = checked.protection;
    TRY(root.partitions,
        scan_partitions(machine.sys, checked.disk, machine.clock, machine.patience()));
    TRY_VOID(staged(
        ExitCode::kHandOver,
        base::write_text_atomically(path_record_file(machine.sys),
                                    path_record(machine.plan, destination, machine.sys), 0644)));
    if (const auto written = write_network_files(network, machine.sys); !written) {
        machine.state.warning(written.error().text +
                              ", continuing; the real root must configure the network itself");
    }
    if (const auto set = set_io_policy(root.subsysnqn, machine.plan.io_policy, machine.sys); !set) {
        machine.state.warning("iopolicy: " + set.error().text +
                              ", continuing with the kernel's choice");
    }
    TRY_VOID(hand_over(root, network, machine.sys));
    machine.controller.clear();  // the root's now
    machine.state.keep(root);
    machine.state.notice("/dev/nvmeroot/root is " + root.disk.name + " with " +
                         std::to_string(root.partitions.size()) + " partitions");
    if (machine.plan.load_modules) {
        load_file_systems_of(root, machine, machine.patience().next());
    }
    hint_at_root(root, machine, machine.patience().next());
    return root;
}

Outcome<Root> retry(Machine& machine, const std::function<Outcome<Root>(Machine&)>& attempt) {
    base::Backoff backoff(base::seconds(1), base::seconds(15));
    bool doubted = false;
    while (true) {
        const base::milliseconds pause = backoff.next();
        auto root = attempt(machine);
        if (root) {
            return root;
        }
        undo(machine);
        const bool again = root.error().doubtful && std::exchange(doubted, true);
        if (!root.error().retry || again || machine.deadline.left() <= pause) {
            return root;
        }
        machine.state.trying_again(root.error());
        machine.clock.sleep(pause);
    }
}

}  // namespace boot
