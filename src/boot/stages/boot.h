// SPDX-License-Identifier: GPL-2.0-or-later
//
// The stages of `nvmeroot boot`, each a function that needs what the one before it gave, and the
// loop that tries them again. main.cc strings them together.
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
#include "boot/plan/plan.h"
#include "boot/side_task.h"
#include "nvme/pi_format.h"

namespace boot {

/// What lives as long as the boot: the plan, the machine, and what survives a failed attempt.
struct Machine {
    BootPlan plan;
    const base::SysPaths& sys;
    base::Clock& clock;
    BootState& state;
    base::Deadline deadline;  ///< of the whole boot

    /// Kept from one attempt to the next.
    std::optional<Network> network;
    std::vector<Portal> portals;  ///< the root's, the plan's and those discovered
    std::optional<SideTask> storage_modules;
    /// Connected, and not yet handed over: taken away again when the attempt fails.
    std::string controller;

    /// For what the kernel makes of a namespace.
    [[nodiscard]] Patience patience() const { return {plan.timeouts.name_space, deadline}; }
};

/// The namespace that was asked for, and the whole disk that the kernel made of it.
struct FoundDisk {
    RootNamespace root;
    Disk disk;
};

/// A controller that is connected and authenticated as the plan demands.
struct ProvenController {
    Controller controller;
    std::string authentication;  ///< for people
    FoundDisk found;             ///< a discovery controller has none
};

/// The disk of the namespace asked for, in a format that may be used.
struct CheckedDisk {
    ProvenController proven;
    uint32_t nsid = 0;
    Disk disk;
    std::string protection;  ///< for people
};

/// Loads network drivers, and starts loading the rest aside.
Outcome<base::Nothing> start_modules(Machine& machine);

/// The network of the plan; the one from before when it came up already. Takes the target from the
/// lease where the plan says so.
Outcome<Network> network_stage(Machine& machine);

/// Where the root is, as the lease of `bootdev` says, or else that of the first interface that says
/// anything; empty: none does.
std::string root_path(const Network& network, std::string_view bootdev);

/// Portals with addresses for those that are given by name.
Outcome<std::vector<Portal>> resolve_stage(Machine& machine, const Network& network,
                                           const std::vector<Portal>& portals);

/// Those of the portals that are worth the kernel's time.
Outcome<std::vector<Portal>> probe_stage(Machine& machine, const Network& network,
                                         const std::vector<Portal>& portals);

/// The first portal that connects, has the plan's namespace and proves itself, in this order: the
/// proof waits for the kernel's scan of the controller (auth_proof.h).
Outcome<ProvenController> connect_stage(Machine& machine, const std::vector<Portal>& portals);

/// The format as the controller tells it. kFormat, passing: it does not say. kConnect, passing: the
/// kernel could not ask it.
Outcome<nvme::PiFormat> ask_format(Machine& machine, const std::string& controller,
                                   const RootNamespace& root);

/// The format of the disk, and whether it is what was audited. @param audited  null: nothing was
Outcome<CheckedDisk> check_stage(Machine& machine, const ProvenController& proven,
                                 const AuditedView* audited);

/// Takes away what is connected and not handed over.
void undo(Machine& machine);

/// Partitions, links and files.
Outcome<Root> hand_over_stage(Machine& machine, const CheckedDisk& checked, const Network& network);

/// Runs `attempt` until it succeeds, fails for good, or the boot's deadline passes; undoes what a
/// failed attempt left, and pauses longer each time (1 s, doubled up to 15 s).
Outcome<Root> retry(Machine& machine, const std::function<Outcome<Root>(Machine&)>& attempt);

}  // namespace boot
