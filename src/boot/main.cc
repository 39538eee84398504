// SPDX-License-Identifier: GPL-2.0-or-later
//
// nvmeroot: brings up the root disk of a machine without disks, over NVMe/TCP. `boot` is the way
// through run() below; `plan`, `check` and `status` only look. The result
// for a hook is the exit code (exit_code.h) and the files that handover.h names.
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <span>
#include <string>
#include <utility>

#include "base/cli/commands.h"
#include "base/cli/key_help.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/secret.h"
#include "base/sys_paths.h"
#include "boot/after/complete_command.h"
#include "boot/after/shutdown_command.h"
#include "boot/after/stand_in.h"
#include "boot/after/status_command.h"
#include "boot/after/watch_command.h"
#include "boot/check/check_command.h"
#include "boot/exit_code.h"
#include "boot/handover/state.h"
#include "boot/kernel/modules.h"
#include "boot/options.h"
#include "boot/sources/image_modules.h"
#include "boot/sources/image_needs.h"
#include "boot/sources/keys.h"
#include "boot/sources/load_plan.h"
#include "boot/sources/plan_report.h"
#include "boot/stages/audit_stage.h"
#include "boot/stages/boot.h"
#include "boot/stages/discovery_stage.h"

namespace boot {
namespace {

/// One attempt, one line a stage.
Outcome<Root> run(Machine& machine) {
    TRY(const OnNetwork* up, network_stage(machine));
    TRY(const Destination root, discovery_stage(machine, *up));
    TRY(const std::vector<Portal> portals, probe_stage(machine, up->network, root));
    TRY(const std::optional<AuditedView> audited, audit_stage(machine, root, portals));
    const Goal goal = goal_of(machine.plan, root);
    TRY(const ProvenController controller, connect_stage(machine, goal, portals));
    TRY(const CheckedDisk disk,
        check_stage(machine, goal, controller, audited ? &*audited : nullptr));
    return hand_over_stage(machine, root, disk, up->network);
}

Outcome<Root> connect_root(BootPlan plan, const base::SysPaths& sys, base::Clock& clock,
                           BootState& state, const base::Log& log) {
    const base::Deadline deadline(clock, plan.timeouts.total);
    const WaitReport report(log, clock, deadline.end());
    state.report_to(&report);
    Machine machine{std::move(plan), sys, clock, state, deadline, {}, {}, {}};
    auto root = [&]() -> Outcome<Root> {
        TRY_VOID(start_modules(machine));
        return retry(machine, run);
    }();
    state.report_to(nullptr);
    return root;
}

/// Lines go to the kernel's log, which the console shows; to stderr where there is none.
base::Log open_log(const base::SysPaths& sys) {
    base::Log log("nvmeroot", base::Level::kNotice);
    if (auto kmsg = base::open_file(sys.dev + "/kmsg", O_WRONLY)) {
        log.also_to_kmsg(std::move(kmsg).value());
        log.silence_stderr();
    }
    return log;
}

/// Everything waits for the root. Other work on the same processor does not: udev's
/// look at all devices, and the kernel's tests of its own algorithms, which Linux 6.12 still runs
/// when /init has begun (a second and more of an emulated processor).
void go_first() {
    constexpr int kFirst = -20;
    (void)::setpriority(PRIO_PROCESS, 0, kFirst);  // a user without the right continues without
}

ExitCode boot_machine(const PlanInput& input, const base::SysPaths& sys, const Options& options) {
    const base::Log log = open_log(sys);
    // To stderr alone: the kernel's log takes ten lines of a program in five seconds.
    const base::Log trace("nvmeroot", base::Level::kDebug);
    base::SystemClock clock;
    BootState state(clock, log);
    if (handed_over_already(sys)) {
        state.notice("the root was handed over before, nothing to do");
        return ExitCode::kDone;
    }
    go_first();
    load_firmware_module(sys);
    LoadedPlan loaded = load_plan(input, sys);
    if (options.debug || loaded.plan.debug) {
        state.trace_to(trace);
        state.trace(plan_text(loaded));
    }
    if (loaded.asked == Asked::kNo) {
        // Nobody else was asked for a root either.
        if (loaded.plan.root.empty()) {
            state.alarm(loaded.asked_why);
        }
        return ExitCode::kNotAsked;
    }
    for (const std::string& warning : loaded.warnings) {
        state.warning(warning);
    }
    const Outcome<Root> root = loaded.errors.empty()
                                   ? connect_root(std::move(loaded.plan), sys, clock, state, log)
                                   : loaded.failure();
    if (!root && root.error().code == ExitCode::kNotAsked) {
        state.notice(root.error().error.text);
    } else if (!root) {
        state.failure(root.error());
        if (!options.advice.empty() && loaded.asked == Asked::kYes) {
            log.error(options.advice);
        }
    }
    state.end();
    if (const auto written = state.write(sys); !written) {
        log.warning(written.error().text + ", continuing without it");
    }
    return root ? ExitCode::kDone : root.error().code;
}

ExitCode fail(const base::Error& error, ExitCode code, const base::Log& log) {
    log.error(error.text);
    return code;
}

ExitCode run_boot(const Options& options, base::Words /*operands*/, const base::Log& log) {
    const base::SysPaths sys = sys_paths(options);
    const auto input = plan_input(options, sys);
    return input ? boot_machine(*input, sys, options) : fail(input.error(), ExitCode::kConfig, log);
}

ExitCode run_plan(const Options& options, base::Words /*operands*/, const base::Log& log) {
    const base::SysPaths sys = sys_paths(options);
    auto input = plan_input(options, sys);
    if (!input) {
        return fail(input.error(), ExitCode::kConfig, log);
    }
    input->dry_run = true;
    const LoadedPlan loaded = load_plan(*input, sys);
    (void)base::print(options.json ? plan_json(loaded) : plan_text(loaded), log);
    return plan_exit_code(loaded);
}

ExitCode run_needs(const Options& options, base::Words operands, const base::Log& log) {
    if (options.modules) {
        return base::print(image_modules(), log) == base::kExitDone ? ExitCode::kDone
                                                                    : ExitCode::kInternal;
    }
    const std::string folder(operands.empty() ? "" : operands[0]);
    const auto needs = image_needs({folder, options.root, options.sealed});
    if (!needs) {
        return fail(needs.error(), ExitCode::kConfig, log);
    }
    (void)base::print(*needs, log);
    return ExitCode::kDone;
}

ExitCode run_check(const Options& options, base::Words operands, const base::Log& /*log*/) {
    return check_command(std::string(operands[0]), options.verify, options.json, {});
}

ExitCode run_status(const Options& options, base::Words /*operands*/, const base::Log& /*log*/) {
    return status_command(options.json, {});
}

ExitCode run_complete(const Options& /*options*/, base::Words /*operands*/,
                      const base::Log& /*log*/) {
    return complete_command({});
}

ExitCode run_shutdown(const Options& /*options*/, base::Words /*operands*/,
                      const base::Log& /*log*/) {
    const base::SysPaths sys;
    base::SystemClock clock;
    StandIn stand_in(sys, std::string(kSystemdShutdown));
    return shutdown_command(sys, clock, stand_in);
}

ExitCode run_watch(const Options& /*options*/, base::Words /*operands*/, const base::Log& /*log*/) {
    return watch_command({});
}

std::string exit_codes() {
    std::vector<base::TwoColumns> rows;
    for (const ExitCodeRow& row : kExitCodes) {
        rows.push_back({std::to_string(static_cast<int>(row.code)), row.meaning});
    }
    return "exit codes:\n" + base::in_columns(rows);
}

std::string all_keys() {
    return "In nvmeroot.conf under their [section], on the kernel command line as "
           "nvmeroot.KEY=VALUE.\n" +
           base::keys_help(keys());
}

// clang-format off
constexpr base::Command kCommands[] = {
    base::command<boot_option_table, run_boot>("boot", "", "connect the root disk and hand it over to the hook", exit_codes),
    base::command<plan_option_table, run_plan>("plan", "", "show what boot would do and the origin of each value, without changing anything"),
    base::command<needs_option_table, run_needs>("needs", "[DIRECTORY]", "list what an image with the configuration in DIRECTORY must contain"),
    base::command<check_option_table, run_check>("check", "DEVICE", "check whether a namespace's format is acceptable"),
    base::command<status_option_table, run_status>("status", "", "report what happened at boot, and the state of the root's paths"),
    base::command<no_option_table, run_complete>("complete", "", "after the boot: connect the remaining paths and reapply timeouts"),
    base::command<no_option_table, run_shutdown>("shutdown", "", "at shutdown: fail I/O to a lost root quickly so that nothing hangs"),
    base::command<no_option_table, run_watch>("watch", "", "after the boot: detect a target that returns with less authentication"),
};
constexpr base::Topic kTopics[] = {{"keys", "list all configuration keys", all_keys}};
// clang-format on
constexpr base::Program kProgram = {"nvmeroot", kCommands, kTopics,
                                    "nvmeroot(8), nvmeroot.conf(5) and nvmeroot.cmdline(7)"};

}  // namespace
}  // namespace boot

int main(int argc, char** argv) {
    base::keep_memory_private();
    ::umask(022);
    const auto arguments = std::span<const char* const>(argv, argv + argc).subspan(1);
    if (boot::is_stand_in(argv[0], ::getpid())) {
        boot::end_machine(arguments, base::SysPaths());
    }
    return base::run_program(boot::kProgram, base::arguments_of(argc, argv));
}
