// SPDX-License-Identifier: GPL-2.0-or-later
//
// The stages of `nvmeroot boot`, each a function that needs the result of the previous one, and the
// loop that retries them. main.cc calls them in order.
//
//     BootPlan ─► Network ─► (discovery) ─► portals that answer ─► (audit) ─► proven Controller ─►
//     CheckedDisk ─► Root
//        └─ storage modules load meanwhile ───────────┘
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/sys_paths.h"
#include "boot/check/audited_view.h"
#include "boot/check/disk_reads.h"
#include "boot/check/kernel_disk.h"
#include "boot/check/namespace_finder.h"
#include "boot/connect/connect.h"
#include "boot/handover/handover.h"
#include "boot/handover/state.h"
#include "boot/net/network.h"
#include "boot/plan/connect_request.h"
#include "boot/plan/plan.h"
#include "boot/side_task.h"
#include "nvme/pi_format.h"

namespace boot {

/// The network, and the destination as its leases and this machine's names complete it.
struct OnNetwork {
    Network network;
    Destination destination;
};

/// The purpose of a connect.
struct Goal {
    ConnectRequest request;
    NamespaceChoice choice;  ///< of the one namespace; a discovery controller has none
};

/// The state of the whole boot: the plan, the machine, and the data that survive a failed attempt.
struct Machine {
    const BootPlan plan;
    const base::SysPaths& sys;
    base::Clock& clock;
    BootState& state;
    base::Deadline deadline;  ///< of the whole boot

    /// Kept from one attempt to the next.
    std::optional<OnNetwork> network;
    std::optional<SideTask> storage_modules;
    /// Connected and not handed over yet; deleted if the attempt fails.
    std::string controller;

    /// For the disk that the kernel creates.
    [[nodiscard]] Patience patience() const { return {plan.timeouts.name_space, deadline}; }
};

/// The requested namespace, and the complete disk that the kernel created for it.
struct FoundDisk {
    RootNamespace root;
    Disk disk;
};

/// A controller that is connected and authenticated as the plan requires.
struct ProvenController {
    Controller controller;
    std::string authentication;  ///< for people
    FoundDisk found;             ///< a discovery controller has none
};

/// The disk of the requested namespace, in an allowed format.
struct CheckedDisk {
    ProvenController proven;
    uint32_t nsid = 0;
    Disk disk;
    std::string protection;  ///< for people
};

/// Loads network drivers, and starts to load the other modules in a side task.
Outcome<base::Nothing> start_modules(Machine& machine);

/// The network of the plan; the existing one if it came up already. The target is the lease's if
/// the plan requires it.
Outcome<const OnNetwork*> network_stage(Machine& machine);

/// The root-path of the lease of `bootdev`, or else of the first interface that has one; empty: no
/// interface has one.
std::string root_path(const Network& network, std::string_view bootdev);

/// The portals, with names replaced by addresses.
Outcome<std::vector<Portal>> resolve_stage(Machine& machine, const Network& network,
                                           const std::vector<Portal>& portals);

/// The portals to which the kernel should connect.
Outcome<std::vector<Portal>> probe_stage(Machine& machine, const Network& network,
                                         const Destination& root);

/// The connect to the root.
Goal goal_of(const BootPlan& plan, const Destination& root);

/// The first portal that connects, has the goal's namespace and authenticates, in this order: the
/// proof waits for the kernel's scan of the controller (auth_proof.h).
Outcome<ProvenController> connect_stage(Machine& machine, const Goal& goal,
                                        const std::vector<Portal>& portals);

/// The format according to the controller. kFormat, passing: it did not report it. kConnect,
/// passing: the kernel could not query it.
Outcome<nvme::PiFormat> ask_format(Machine& machine, const std::string& controller,
                                   const RootNamespace& root);

/// The format of the disk, and whether the disk was audited. @param audited  null: nothing was
Outcome<CheckedDisk> check_stage(Machine& machine, const Goal& goal, const ProvenController& proven,
                                 const AuditedView* audited);

/// Deletes the controller that is connected and not handed over.
void undo(Machine& machine);

/// Partitions, links and files.
Outcome<Root> hand_over_stage(Machine& machine, const Destination& root, const CheckedDisk& checked,
                              const Network& network);

/// Runs `attempt` until it succeeds, fails permanently, or the boot's deadline passes. It undoes a
/// failed attempt, and pauses longer each time (1 s, doubled up to 15 s).
Outcome<Root> retry(Machine& machine, const std::function<Outcome<Root>(Machine&)>& attempt);

}  // namespace boot
