// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/stages/audit_stage.h"

#include <utility>

#include "base/text.h"
#include "boot/check/block_audit.h"
#include "boot/check/disk_reads.h"
#include "boot/check/pi_check.h"
#include "boot/connect/root_controllers.h"

namespace boot {
namespace {

Failure refusal(const std::string& text) {
    return Failure::final(ExitCode::kFormat, base::error(text));
}

/// The connect to the audit view. The view has the root's number, but identifiers of its own.
Goal audit_goal(const BootPlan& plan, const Destination& root) {
    const std::string nqn =
        plan.audit.nqn.empty() ? root.target.subsysnqn + ":audit" : plan.audit.nqn;
    Goal goal{request_of(plan, root.host, nqn), {root.target.choice.nsid, {}, {}, {}}};
    goal.request.options.nr_io_queues = 1;
    return goal;
}

Outcome<AuditedView> audit(Machine& machine, const std::string& subsysnqn,
                           const ProvenController& proven) {
    const base::SysPaths& sys = machine.sys;
    const BootPlan& plan = machine.plan;
    const auto& [ns, disk] = proven.found;
    TRY(const nvme::PiFormat format, ask_format(machine, proven.controller.name, ns));
    if (format.type == 0) {
        return refusal("audit-format: " + subsysnqn + " has " + nvme::describe(format) +
                       " and no checksums to compare with");
    }
    TRY_VOID(judge_policy(format, plan.format));
    auto blocks = PassthroughDevice::open(passthrough_node(sys, disk.name), ns.nsid, machine.clock,
                                          machine.patience().next());
    if (!blocks) {
        return reads_failed(ExitCode::kFormat, std::move(blocks).error(),
                            is_live(proven.controller.name, sys));
    }
    TRY(const AuditReport report, audit_blocks(*blocks, format, ns.identify.nsze, plan.audit));
    return AuditedView{subsysnqn, ns.nsid, ns.identify.nsze, format,
                       describe(report) + " (" + nvme::describe(format) + ")"};
}

}  // namespace

Outcome<std::optional<AuditedView>> audit_stage(Machine& machine, const Destination& root,
                                                const std::vector<Portal>& portals) {
    if (machine.plan.audit.extent == AuditPolicy::Extent::kNone) {
        return std::optional<AuditedView>();
    }
    const Goal goal = audit_goal(machine.plan, root);
    auto proven = connect_stage(machine, goal, portals);
    if (!proven && proven.error().code == ExitCode::kRefused && !proven.error().retry) {
        return refusal("audit-none: the target has no audit view " + goal.request.subsysnqn +
                       " for this host (" + proven.error().error.text +
                       "); protect the image there, or set nvmeroot.verify=none");
    }
    if (!proven) {
        return std::move(proven).error();
    }
    machine.state.begin("audit");
    auto view = audit(machine, goal.request.subsysnqn, *proven);
    undo(machine);
    if (!view) {
        return std::move(view).error();
    }
    machine.state.notice("audit: " + view->sentence);
    return std::optional(std::move(view).value());
}

}  // namespace boot
