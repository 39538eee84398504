// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/options.h"

#include <stdlib.h>

#include <algorithm>
#include <array>
#include <vector>

#include "base/fd.h"
#include "base/text.h"
#include "boot/exit_code.h"
#include "boot/sources/cmdline.h"
#include "boot/sources/keys.h"

namespace boot {
namespace {

constexpr unsigned bit(Command command) {
    return 1U << static_cast<unsigned>(command);
}

struct CommandRow {
    std::string_view name;
    Command command;
    std::string_view operand;  ///< its name in help; in brackets when it may be missing
    std::string_view help;
};
constexpr std::array kCommands = {
    CommandRow{"boot", Command::kBoot, "", "connect the root disk and hand it over to the hook"},
    CommandRow{"plan", Command::kPlan, "",
               "show what boot would do and the origin of each value, without changing anything"},
    CommandRow{"needs", Command::kNeeds, "[DIRECTORY]",
               "list what an image with the configuration in DIRECTORY must contain"},
    CommandRow{"check", Command::kCheck, "DEVICE",
               "check whether a namespace's format is acceptable"},
    CommandRow{"status", Command::kStatus, "",
               "report what happened at boot, and the state of the root's paths"},
    CommandRow{"complete", Command::kComplete, "",
               "after the boot: connect the remaining paths and reapply timeouts"},
    CommandRow{"shutdown", Command::kShutdown, "",
               "at shutdown: fail I/O to a lost root quickly so that nothing hangs"},
    CommandRow{"watch", Command::kWatch, "",
               "after the boot: detect a target that returns with less authentication"},
    CommandRow{"help", Command::kHelp, "[keys]", "print this help, or all configuration keys"},
    CommandRow{"version", Command::kVersion, "", "print the version"},
};

struct OptionRow {
    std::string_view name;
    std::string_view value;  ///< its name in help; empty: the option takes none
    unsigned commands;
    void (*apply)(std::string_view value, Options& options);
    std::string_view help;
};
constexpr std::array kOptions = {
    OptionRow{
        "--cmdline", "TEXT", bit(Command::kBoot) | bit(Command::kPlan),
        [](std::string_view value, Options& options) { options.cmdlines.emplace_back(value); },
        "use TEXT instead of /proc/cmdline; may be repeated; @FILE reads it from a file"},
    OptionRow{"--config", "FILE", bit(Command::kBoot) | bit(Command::kPlan),
              [](std::string_view value, Options& options) { options.config = value; },
              "use FILE instead of /etc/nvmeroot/nvmeroot.conf"},
    OptionRow{"--debug", "", bit(Command::kBoot),
              [](std::string_view, Options& options) { options.debug = true; },
              "boot: log each step on stderr, as the key debug does"},
    OptionRow{"--advice", "TEXT", bit(Command::kBoot),
              [](std::string_view value, Options& options) { options.advice = value; },
              "boot: print TEXT after a failure, to explain how to retry"},
    OptionRow{"--root", "DIR", bit(Command::kPlan) | bit(Command::kNeeds),
              [](std::string_view value, Options& options) { options.root = value; },
              "plan, needs: examine an unpacked image or another root instead of this machine"},
    OptionRow{"--sealed", "", bit(Command::kNeeds),
              [](std::string_view, Options& options) { options.sealed = true; },
              "needs: include the machine's sealed credentials, which systemd decrypts"},
    OptionRow{"--verify", "EXTENT", bit(Command::kCheck),
              [](std::string_view value, Options& options) { options.verify = value; },
              "check: verify the checksums of blocks: sb, first:N, sample:N or full"},
    OptionRow{"--json", "", bit(Command::kPlan) | bit(Command::kCheck) | bit(Command::kStatus),
              [](std::string_view, Options& options) { options.json = true; },
              "plan, check, status: print JSON"},
};

template <class Rows>
auto find_row(const Rows& rows, std::string_view name) {
    return std::find_if(rows.begin(), rows.end(),
                        [&](const auto& row) { return row.name == name; });
}

template <class Rows>
base::Error unknown(const char* what, std::string_view word, const Rows& rows) {
    std::vector<std::string_view> names;
    for (const auto& row : rows) {
        names.push_back(row.name);
    }
    const std::string_view best = base::nearest(word, names);
    return base::error("no such " + std::string(what) + ": " + base::quoted(word) +
                       (best.empty() ? "" : "; did you mean " + std::string(best) + "?"));
}

/// Applies the option at the front of `arguments`. @return how many of them it took.
base::Result<size_t> take_option(std::span<const char* const> arguments, Options& options) {
    const std::string_view argument = arguments.front();
    const size_t equals = argument.find('=');
    const std::string_view name = argument.substr(0, equals);
    const auto row = find_row(kOptions, name);
    if (row == kOptions.end()) {
        return unknown("option", name, kOptions);
    }
    if ((row->commands & bit(options.command)) == 0) {
        return base::error(std::string(name) + " is not an option of this command");
    }
    const bool has_value = equals != std::string_view::npos;
    if (row->value.empty()) {
        if (has_value) {
            return base::error(std::string(name) + " takes no value");
        }
        row->apply("", options);
        return size_t{1};
    }
    if (!has_value && arguments.size() < 2) {
        return base::error(std::string(name) + " needs a value: " + std::string(row->value));
    }
    row->apply(has_value ? argument.substr(equals + 1) : arguments[1], options);
    return has_value ? size_t{1} : size_t{2};
}

/// `--help` and `-h`, `--version` and `-V` anywhere in front: what everybody tries first.
std::string_view command_of(std::string_view word) {
    if (word == "--help" || word == "-h") {
        return "help";
    }
    return word == "--version" || word == "-V" ? "version" : word;
}

std::string help_keys() {
    std::string text =
        "In nvmeroot.conf under their [section], on the kernel command line as "
        "nvmeroot.KEY=VALUE.\n";
    std::string_view section;
    for (const Key& key : keys()) {
        if (key.section != section) {
            section = key.section;
            text += "\n[" + std::string(section) + "]\n";
        }
        text += "  " + std::string(key.name) + " = " + std::string(key.form) + '\n';
        text += "        " + std::string(key.help) +
                (key.fallback.empty() ? "" : " (default " + std::string(key.fallback) + ")") + '\n';
    }
    return text;
}

std::string help_commands() {
    std::string text = "usage: nvmeroot COMMAND [OPTION…]\n\n";
    for (const CommandRow& row : kCommands) {
        const std::string left = std::string(row.name) + " " + std::string(row.operand);
        text += base::format("  %-18s %s\n", left.c_str(), std::string(row.help).c_str());
    }
    text += "\noptions:\n";
    for (const OptionRow& row : kOptions) {
        const std::string left = std::string(row.name) + " " + std::string(row.value);
        text += base::format("  %-18s %s\n", left.c_str(), std::string(row.help).c_str());
    }
    text += "\nexit codes of boot:\n";
    for (const ExitCodeRow& row : kExitCodes) {
        text += base::format("  %-3d %s\n", static_cast<int>(row.code),
                             std::string(row.meaning).c_str());
    }
    return text + "\nMore in nvmeroot(8), nvmeroot.conf(5) and nvmeroot.cmdline(7).\n";
}

}  // namespace

base::Result<Options> parse_options(std::span<const char* const> arguments) {
    Options options;
    if (arguments.empty()) {
        return base::error("a command is missing; nvmeroot help lists them");
    }
    const std::string_view word = command_of(arguments.front());
    const auto command = find_row(kCommands, word);
    if (command == kCommands.end()) {
        return unknown("command", word, kCommands);
    }
    options.command = command->command;
    arguments = arguments.subspan(1);
    while (!arguments.empty()) {
        const std::string_view argument = arguments.front();
        if (argument.starts_with('-')) {
            TRY(const size_t taken, take_option(arguments, options));
            arguments = arguments.subspan(taken);
            continue;
        }
        if (command->operand.empty() || !options.operand.empty()) {
            return base::error("unexpected argument " + base::quoted(argument));
        }
        options.operand = argument;
        arguments = arguments.subspan(1);
    }
    if (options.operand.empty() && !command->operand.empty() && command->operand[0] != '[') {
        return base::error(std::string(word) + " needs " + std::string(command->operand));
    }
    if (options.command == Command::kHelp && !options.operand.empty() &&
        options.operand != "keys") {
        return base::error("no help on " + base::quoted(options.operand) + "; try help keys");
    }
    return options;
}

std::string help_text(std::string_view topic) {
    return topic == "keys" ? help_keys() : help_commands();
}

base::SysPaths sys_paths(const Options& options) {
    base::SysPaths sys;
    for (std::string* path : {&sys.proc, &sys.sys, &sys.dev, &sys.run, &sys.etc, &sys.lib_modules,
                              &sys.usr_lib, &sys.configfs}) {
        path->insert(0, options.root);
    }
    return sys;
}

base::Result<PlanInput> plan_input(const Options& options, const base::SysPaths& sys) {
    PlanInput input;
    input.config = options.config;
    input.root = options.root;
    if (const char* folder = ::getenv("CREDENTIALS_DIRECTORY")) {
        input.credentials = folder;
    }
    input.dry_run = options.command == Command::kPlan;
    if (options.cmdlines.empty() && options.root.empty()) {
        TRY(input.cmdline, base::read_text(sys.proc + "/cmdline", kMaxCmdline));
    }
    for (const std::string& text : options.cmdlines) {
        // From a file, a secret that the user put there does not show in the list of processes.
        if (text.starts_with('@')) {
            TRY(const std::string read, base::read_text(text.substr(1), kMaxCmdline));
            input.cmdline.append(read);
        } else {
            input.cmdline.append(text);
        }
        input.cmdline.append("\n");
    }
    return input;
}

}  // namespace boot
