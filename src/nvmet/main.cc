// SPDX-License-Identifier: GPL-2.0-or-later
//
// nvmeroot-nvmet: the commands and what they print. Exit codes: 0 done, 1 it could not be done, 2
// usage.
#include <string>
#include <vector>

#include "base/cli/commands.h"
#include "base/cli/key_help.h"
#include "base/log.h"
#include "base/secret.h"
#include "base/text.h"
#include "nvmet/command_options.h"
#include "nvmet/commands.h"
#include "nvmet/config_keys.h"
#include "nvmet/dump.h"
#include "nvmet/nvmetcli.h"
#include "nvmet/report.h"
#include "nvmet/validate.h"

namespace {

using base::Log;
using nvmet::CommandOptions;

int fail(const Log& log, const base::Error& error) {
    log.error(nvmet::explained(error));
    return base::kExitFailed;
}

int fail_all(const Log& log, const std::vector<std::string>& errors) {
    for (const std::string& text : errors) {
        log.error(text);
    }
    return base::kExitFailed;
}

void warn_all(const Log& log, const std::vector<std::string>& warnings) {
    for (const std::string& text : warnings) {
        log.warning(text);
    }
}

int show(const CommandOptions& options, const nvmet::Steps& steps, const Log& log) {
    return base::print(options.json ? nvmet::plan_json(steps) : nvmet::plan_text(steps), log);
}

/// The state as a file on standard output, its keys in files of their own.
int print_state(const CommandOptions& options, const nvmet::Object& state,
                const std::string& source, const Log& log) {
    const auto keys = nvmet::save_keys(state, options.keys);
    if (!keys) {
        return fail(log, keys.error());
    }
    if (options.json) {
        const nvmet::SavedJson saved = nvmet::to_nvmetcli(state, *keys);
        warn_all(log, saved.left_out);
        return base::print(saved.text, log);
    }
    const auto text = nvmet::to_ini(state, *keys, source);
    return text ? base::print(*text, log) : fail(log, text.error());
}

int run_plan(const CommandOptions& options, const Log& log) {
    auto open = nvmet::open_tree(options.configfs);
    if (!open) {
        return fail(log, open.error());
    }
    const auto prepared = nvmet::prepare(*open, options, false);
    if (!prepared) {
        return fail_all(log, prepared.error());
    }
    warn_all(log, prepared->warnings);
    return show(options, prepared->steps, log);
}

int carry_out(const CommandOptions& options, nvmet::OpenTree& open, const nvmet::Prepared& prepared,
              const Log& log) {
    const auto result = nvmet::carry_out(open, prepared);
    if (!result) {
        return fail(log, result.error());
    }
    const int shown = show(options, prepared.steps, log);
    warn_all(log, result->not_exported);
    if (result->serves_nothing) {
        return fail(log, base::error("no image is exported: the kernel refused all of them"));
    }
    return result->differences.empty() ? shown : fail_all(log, result->differences);
}

int run_apply(const CommandOptions& options, const Log& log) {
    auto open = nvmet::open_tree(options.configfs);
    if (!open) {
        return fail(log, open.error());
    }
    const auto prepared = nvmet::prepare(*open, options, true);
    if (!prepared) {
        return fail_all(log, prepared.error());
    }
    warn_all(log, prepared->warnings);
    if (options.late && prepared->steps.empty()) {
        return base::kExitDone;
    }
    return carry_out(options, *open, *prepared, log);
}

int run_clear(const CommandOptions& options, const Log& log) {
    auto open = nvmet::open_tree(options.configfs);
    if (!open) {
        return fail(log, open.error());
    }
    const auto prepared = nvmet::prepare_clear(*open, options.nqn);
    return prepared ? carry_out(options, *open, *prepared, log) : fail(log, prepared.error());
}

int run_dump(const CommandOptions& options, const Log& log) {
    auto open = nvmet::open_tree(options.configfs);
    if (!open) {
        return fail(log, open.error());
    }
    std::vector<std::string> unknown;
    const auto state = nvmet::read_tree(*open->tree, &unknown);
    if (!state) {
        return fail(log, state.error());
    }
    for (const std::string& path : unknown) {
        log.warning(path + ": omitted an unknown attribute");
    }
    warn_all(log, nvmet::look_at_names(*state));
    return print_state(options, *state, open->root, log);
}

int run_import(const CommandOptions& options, const Log& log) {
    const auto wanted = nvmet::load(options.file);
    if (!wanted) {
        return fail_all(log, wanted.error());
    }
    warn_all(log, wanted->warnings);
    return print_state(options, wanted->state, options.file, log);
}

int run_check(const CommandOptions& options, const Log& log) {
    const auto wanted = nvmet::load(options.file);
    if (!wanted) {
        return fail_all(log, wanted.error());
    }
    const auto errors = nvmet::check_rules(wanted->state);
    if (!errors.empty()) {
        return fail_all(log, errors);
    }
    warn_all(log, wanted->warnings);
    warn_all(log, nvmet::check_images(wanted->state));
    const nvmet::Object& state = wanted->state;
    return base::print(
        base::format("%s: no error (subsystems: %zu, hosts: %zu, ports: %zu)\n",
                     options.file.c_str(), state.all(nvmet::Kind::kSubsystem).size(),
                     state.all(nvmet::Kind::kHost).size(), state.all(nvmet::Kind::kPort).size()),
        log);
}

/// The operand is a file, or an NQN.
template <auto run>
int with_file(CommandOptions options, base::Words operands, const Log& log) {
    if (!operands.empty()) {
        options.file = operands[0];
    }
    return run(options, log);
}
int with_nqn(CommandOptions options, base::Words operands, const Log& log) {
    if (!operands.empty()) {
        options.nqn = operands[0];
    }
    return run_clear(options, log);
}

std::string all_keys() {
    return base::keys_help(nvmet::key_docs(), [](std::string_view section) {
        return std::string(section) + (section == "target" ? "" : ".NAME");
    });
}

using nvmet::option_table;

// clang-format off
constexpr base::Command kCommands[] = {
    base::command<option_table, with_file<run_plan>>("plan", "[FILE]", "print the changes that apply would make"),
    base::command<option_table, with_file<run_apply>>("apply", "[FILE]", "apply a file to the kernel's target, completely or not at all"),
    base::command<option_table, with_nqn>("clear", "[NQN]", "remove everything from the kernel's target, or only one host or subsystem"),
    base::command<option_table, with_file<run_dump>>("dump", "", "print the configuration of the kernel's target as a file"),
    base::command<option_table, with_file<run_import>>("import", "FILE", "print the config.json of nvmetcli as a file"),
    base::command<option_table, with_file<run_check>>("check", "[FILE]", "report every error in a file; needs no kernel module"),
};
constexpr base::Topic kTopics[] = {{"keys", "list all configuration keys", all_keys}};
// clang-format on
constexpr base::Program kProgram = {"nvmeroot-nvmet", kCommands, kTopics, "nvmeroot-nvmet(8)"};

}  // namespace

int main(int argc, char** argv) {
    base::keep_memory_private();
    return base::run_program(kProgram, base::arguments_of(argc, argv));
}
