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

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/secret.h"
#include "base/sys_paths.h"
#include "base/version.h"
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
    TRY(const Network network, network_stage(machine));
    TRY(const std::vector<Portal> named,
        resolve_stage(machine, network, machine.plan.target.portals));
    TRY(machine.portals, discovery_stage(machine, network, named));
    TRY(const std::vector<Portal> portals, probe_stage(machine, network, machine.portals));
    TRY(const std::optional<AuditedView> audited, audit_stage(machine, portals));
    TRY(const ProvenController controller, connect_stage(machine, portals));
    TRY(const CheckedDisk disk, check_stage(machine, controller, audited ? &*audited : nullptr));
    return hand_over_stage(machine, disk, network);
}

Outcome<Root> boot_machine(BootPlan plan, const base::SysPaths& sys, base::Clock& clock,
                           BootState& state, const base::Log& log) {
    const base::Deadline deadline(clock, plan.timeouts.total);
    const WaitReport report(log, clock, deadline.end());
    state.report_to(&report);
    Machine machine{std::move(plan), sys, clock, state, deadline, {}, {}, {}, {}};
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

ExitCode boot_command(const PlanInput& input, const base::SysPaths& sys, const Options& options) {
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
                                   ? boot_machine(std::move(loaded.plan), sys, clock, state, log)
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

ExitCode plan_command(const PlanInput& input, const base::SysPaths& sys, bool json) {
    const LoadedPlan loaded = load_plan(input, sys);
    (void)base::write_all(STDOUT_FILENO, json ? plan_json(loaded) : plan_text(loaded));
    return plan_exit_code(loaded);
}

ExitCode needs_command(const NeedsInput& input) {
    const auto needs = image_needs(input);
    if (!needs) {
        (void)base::write_all(STDERR_FILENO, "nvmeroot: " + needs.error().text + "\n");
        return ExitCode::kConfig;
    }
    (void)base::write_all(STDOUT_FILENO, *needs);
    return ExitCode::kDone;
}

ExitCode run_command(const Options& options) {
    const base::SysPaths sys = sys_paths(options);
    if (options.command == Command::kCheck) {
        const auto audit = parse_extent(options.verify.empty() ? "none" : options.verify);
        if (!audit) {
            (void)base::write_all(STDERR_FILENO,
                                  "nvmeroot: --verify: " + audit.error().text + "\n");
            return ExitCode::kUsage;
        }
        return check_command(options.operand, *audit, options.json, sys);
    }
    if (options.command == Command::kNeeds) {
        return needs_command({options.operand, options.root, options.sealed});
    }
    if (options.command == Command::kComplete) {
        return complete_command(sys);
    }
    if (options.command == Command::kShutdown) {
        base::SystemClock clock;
        StandIn stand_in(sys, std::string(kSystemdShutdown));
        return shutdown_command(sys, clock, stand_in);
    }
    if (options.command == Command::kWatch) {
        return watch_command(sys);
    }
    if (options.command == Command::kStatus) {
        return status_command(options.json, sys);
    }
    const auto input = plan_input(options, sys);
    if (!input) {
        (void)base::write_all(STDERR_FILENO, "nvmeroot: " + input.error().text + "\n");
        return ExitCode::kConfig;
    }
    return options.command == Command::kBoot ? boot_command(*input, sys, options)
                                             : plan_command(*input, sys, options.json);
}

}  // namespace
}  // namespace boot

int main(int argc, char** argv) {
    base::keep_memory_private();
    ::umask(022);
    const auto arguments = std::span<const char* const>(argv, argv + argc).subspan(1);
    if (boot::is_stand_in(argv[0], ::getpid())) {
        boot::end_machine(arguments, base::SysPaths());
    }
    const auto options = boot::parse_options(arguments);
    if (!options) {
        (void)base::write_all(STDERR_FILENO, "nvmeroot: " + options.error().text + "\n");
        return static_cast<int>(boot::ExitCode::kUsage);
    }
    if (options->command == boot::Command::kHelp || options->command == boot::Command::kVersion) {
        const bool help = options->command == boot::Command::kHelp;
        (void)base::write_all(STDOUT_FILENO,
                              help ? boot::help_text(options->operand)
                                   : "nvmeroot " + std::string(base::kVersion) + "\n");
        return 0;
    }
    return static_cast<int>(boot::run_command(*options));
}
