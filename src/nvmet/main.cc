// SPDX-License-Identifier: GPL-2.0-or-later
//
// nvmeroot-nvmet: the commands and what they print. Exit codes: 0 done, 1 it could not be done, 2
// usage.
#include <unistd.h>

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "base/log.h"
#include "base/secret.h"
#include "base/text.h"
#include "base/version.h"
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

enum ExitCode { kDone = 0, kFailed = 1, kUsage = 2 };

int fail(const Log& log, const base::Error& error, ExitCode code = kFailed) {
    log.error(nvmet::explained(error));
    return code;
}

/// A file that standard output goes to may be full: what is cut short must not pass for done.
int print(const Log& log, std::string_view text) {
    const auto written = base::write_all(STDOUT_FILENO, text);
    return written ? kDone : fail(log, written.error().in("standard output"));
}

int fail_all(const Log& log, const std::vector<std::string>& errors) {
    for (const std::string& text : errors) {
        log.error(text);
    }
    return kFailed;
}

int show(const CommandOptions& options, const nvmet::Steps& steps, const Log& log) {
    return print(log, options.json ? nvmet::plan_json(steps) : nvmet::plan_text(steps));
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
        for (const std::string& text : saved.left_out) {
            log.warning(text);
        }
        return print(log, saved.text);
    }
    const auto text = nvmet::to_ini(state, *keys, source);
    return text ? print(log, *text) : fail(log, text.error());
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
    for (const std::string& text : prepared->warnings) {
        log.warning(text);
    }
    return show(options, prepared->steps, log);
}

int carry_out(const CommandOptions& options, nvmet::OpenTree& open, const nvmet::Prepared& prepared,
              const Log& log) {
    const auto differences = nvmet::carry_out(open, prepared);
    if (!differences) {
        return fail(log, differences.error());
    }
    const int shown = show(options, prepared.steps, log);
    return differences->empty() ? shown : fail_all(log, *differences);
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
    for (const std::string& text : prepared->warnings) {
        log.warning(text);
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
    for (const std::string& text : nvmet::look_at_names(*state)) {
        log.warning(text);
    }
    return print_state(options, *state, open->root, log);
}

int run_import(const CommandOptions& options, const Log& log) {
    const auto wanted = nvmet::load(options.file);
    if (!wanted) {
        return fail_all(log, wanted.error());
    }
    for (const std::string& text : wanted->warnings) {
        log.warning(text);
    }
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
    for (const auto& list : {wanted->warnings, nvmet::check_images(wanted->state)}) {
        for (const std::string& warning : list) {
            log.warning(warning);
        }
    }
    return print(
        log, base::format("%s: no error (subsystems: %zu, hosts: %zu, ports: %zu)\n",
                          options.file.c_str(), wanted->state.all(nvmet::Kind::kSubsystem).size(),
                          wanted->state.all(nvmet::Kind::kHost).size(),
                          wanted->state.all(nvmet::Kind::kPort).size()));
}

struct Command {
    std::string_view name;
    std::string_view arguments;
    std::string_view help;
    int (*run)(const CommandOptions& options, const Log& log);
};

constexpr Command kCommands[] = {
    {"plan", "[FILE]", "print the changes that apply would make", run_plan},
    {"apply", "[FILE]", "apply a file to the kernel's target, completely or not at all", run_apply},
    {"clear", "[NQN]", "remove everything from the kernel's target, or only one host or subsystem",
     run_clear},
    {"dump", "", "print the configuration of the kernel's target as a file", run_dump},
    {"import", "FILE", "print the config.json of nvmetcli as a file", run_import},
    {"check", "[FILE]", "report every error in a file; needs no kernel module", run_check},
};

std::string keys_help() {
    std::string text;
    std::string_view section;
    for (const nvmet::KeyDoc& key : nvmet::key_docs()) {
        if (key.section != section) {
            section = key.section;
            text += "\n[" + std::string(section) + (section == "target" ? "" : ".NAME") + "]\n";
        }
        text += base::format("  %-24s %s%s%s\n", std::string(key.name).c_str(),
                             std::string(key.help).c_str(),
                             key.fallback.empty() ? "" : "; default ", key.fallback.c_str());
    }
    return text;
}

std::string help(const Command* command) {
    if (command != nullptr) {
        const std::string name(command->name);
        return "usage: nvmeroot-nvmet " + name + (command->arguments.empty() ? "" : " ") +
               std::string(command->arguments) + " [OPTION…]\n" +
               base::options_help(nvmet::option_table()) +
               (command->arguments.empty() ? "" : keys_help());
    }
    std::string text = "usage: nvmeroot-nvmet COMMAND …\n";
    for (const Command& each : kCommands) {
        text += base::format("  %-8s %-8s %s\n", std::string(each.name).c_str(),
                             std::string(each.arguments).c_str(), std::string(each.help).c_str());
    }
    return text +
           "  COMMAND --help  help for COMMAND and the keys of a file\n"
           "  --version       print the version\n";
}

const Command* find_command(std::string_view name) {
    const auto* command = std::ranges::find(kCommands, name, &Command::name);
    return command == std::end(kCommands) ? nullptr : command;
}

int run(const Command& command, std::span<const std::string_view> words, const Log& log) {
    CommandOptions options;
    const auto rest = base::parse_options(nvmet::option_table(), words, options);
    if (!rest) {
        return fail(log, rest.error(), kUsage);
    }
    const size_t least = command.arguments == "FILE" ? 1 : 0;
    const size_t most = command.arguments.empty() ? 0 : 1;
    if (rest->size() < least || rest->size() > most) {
        return fail(
            log,
            base::error("usage: nvmeroot-nvmet " + std::string(command.name) +
                        (command.arguments.empty() ? "" : " ") + std::string(command.arguments)),
            kUsage);
    }
    if (!rest->empty()) {
        (command.arguments == "[NQN]" ? options.nqn : options.file) = rest->front();
    }
    return command.run(options, log);
}

}  // namespace

int main(int argc, char** argv) {
    base::keep_memory_private();
    const Log log("nvmeroot-nvmet", base::Level::kNotice);
    const std::vector<std::string_view> words(argv + std::min(argc, 1), argv + argc);
    const Command* command = words.empty() ? nullptr : find_command(words[0]);
    if (words.empty() || std::ranges::find(words, "--help") != words.end()) {
        const int shown = print(log, help(command));
        return words.empty() ? kUsage : shown;
    }
    if (words[0] == "--version") {
        return print(log, "nvmeroot-nvmet " + std::string(base::kVersion) + "\n");
    }
    if (command == nullptr) {
        return fail(
            log,
            base::error("no command " + base::quoted(words[0]) + "; see nvmeroot-nvmet --help"),
            kUsage);
    }
    return run(*command, std::span(words).subspan(1), log);
}
