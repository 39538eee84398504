// SPDX-License-Identifier: GPL-2.0-or-later
//
// nvmeroot-target: the commands and what they print. Exit codes: 0 done, 1 it could not be done,
// 2 usage, 3 an image that does not match its protection information.
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/secret.h"
#include "base/text.h"
#include "base/version.h"
#include "export/diff.h"
#include "export/export_config.h"
#include "target/cli/control_client.h"
#include "target/cli/doctor.h"
#include "target/cli/genkey.h"
#include "target/cli/image_command.h"
#include "target/cli/serve_options.h"
#include "target/cli/ticket.h"
#include "target/operate/operation.h"
#include "target/operate/serve.h"
#include "target/wire/text_server.h"

namespace {

using base::Log;
using base::Status;
using Arguments = std::span<const std::string_view>;

enum ExitCode { kDone = 0, kFailed = 1, kUsage = 2, kDamaged = 3 };

int fail(const Log& log, const base::Error& error, ExitCode code) {
    log.error(error.text);
    return code;
}

int print(const Log& log, std::string_view text) {
    const Status written = base::write_all(STDOUT_FILENO, text);
    return written ? kDone : fail(log, written.error().in("standard output"), kFailed);
}

/// The configuration, its warnings told; nothing, its errors told.
std::optional<exports::ExportConfig> accept(
    base::Result<exports::ExportConfig, exports::Errors> config, const Log& log) {
    if (!config) {
        for (const std::string& text : config.error()) {
            log.error(text);
        }
        return std::nullopt;
    }
    for (const std::string& text : config->warnings) {
        log.warning(text);
    }
    return std::move(config).value();
}

int run_serve(Arguments arguments, const Log& quiet_log) {
    const auto machine = base::read_text("/etc/machine-id");
    auto options = target::parse_serve_options(arguments, machine ? base::trim(*machine) : "");
    if (!options) {
        return fail(quiet_log, options.error(), kUsage);
    }
    const Log log("nvmeroot-target", options->verbose ? base::Level::kInfo : base::Level::kNotice);
    const target::ConfigSource source = [&options] {
        return options->config.empty() ? exports::assemble(options->settings, "")
                                       : exports::load_config(options->config);
    };
    auto config = accept(source(), log);
    if (!config) {
        return kFailed;
    }
    target::Interposer nothing;
    const Status served = target::serve(std::move(*config), source, options->engine, log, nothing);
    return served ? kDone : fail(log, served.error(), kFailed);
}

int run_check_config(Arguments arguments, const Log& log) {
    if (arguments.size() != 1 || arguments[0].starts_with('-')) {
        return fail(log, base::error("check-config takes one argument: FILE"), kUsage);
    }
    const auto config = accept(exports::load_config(std::string(arguments[0])), log);
    if (!config) {
        return kFailed;
    }
    size_t namespaces = 0;
    for (const exports::Subsystem& subsystem : config->subsystems) {
        namespaces += subsystem.namespaces.size();
    }
    return print(log, base::format("%s: %zu subsystems, %zu namespaces, %zu hosts, no error\n",
                                   std::string(arguments[0]).c_str(), config->subsystems.size(),
                                   namespaces, config->hosts.size()));
}

using target::ControlOptions;

int ask_server(const ControlOptions& options, std::string_view question, const Log& log) {
    const auto done = target::command_server(options.socket, question);
    if (!done) {
        return fail(log, done.error(), kFailed);
    }
    return *done ? kDone : kFailed;
}

int run_status(Arguments arguments, const Log& log) {
    ControlOptions options;
    const auto rest = base::parse_options(target::status_option_table(), arguments, options);
    if (!rest || !rest->empty()) {
        return fail(log, rest ? base::error("status takes no arguments") : rest.error(), kUsage);
    }
    return ask_server(options, options.json ? "status --json" : "status", log);
}

int run_reload(Arguments arguments, const Log& log) {
    ControlOptions options;
    const auto rest = base::parse_options(target::control_option_table(), arguments, options);
    if (!rest || !rest->empty()) {
        return fail(log, rest ? base::error("reload takes no arguments") : rest.error(), kUsage);
    }
    return ask_server(options, "reload", log);
}

int compare_files(std::string_view before, std::string_view after, const Log& log) {
    const auto running = accept(exports::load_config(std::string(before)), log);
    const auto next = accept(exports::load_config(std::string(after)), log);
    if (!running || !next) {
        return kFailed;
    }
    std::string text;
    for (const exports::Change& change : exports::diff(*running, *next)) {
        text += base::printable(change.line()) + "\n";
    }
    return print(log, text);
}

int run_plan(Arguments arguments, const Log& log) {
    ControlOptions options;
    const auto rest = base::parse_options(target::control_option_table(), arguments, options);
    if (!rest || (!rest->empty() && rest->size() != 2)) {
        return fail(log,
                    rest ? base::error("plan takes no arguments, or two: OLD NEW") : rest.error(),
                    kUsage);
    }
    return rest->empty() ? ask_server(options, "plan", log)
                         : compare_files((*rest)[0], (*rest)[1], log);
}

int run_drain(Arguments arguments, const Log& log) {
    ControlOptions options;
    const auto rest = base::parse_options(target::drain_option_table(), arguments, options);
    if (!rest || !rest->empty()) {
        return fail(log, rest ? base::error("drain takes no arguments") : rest.error(), kUsage);
    }
    base::SystemClock clock;
    const Status drained = target::drain_server(options, clock);
    return drained ? kDone : fail(log, drained.error(), kFailed);
}

std::string status_help() {
    return base::options_help(target::status_option_table());
}
std::string reload_help() {
    return base::options_help(target::control_option_table());
}
std::string drain_help() {
    return base::options_help(target::drain_option_table());
}

int run_ticket(Arguments arguments, const Log& log) {
    target::TicketOptions options;
    const auto rest = base::parse_options(target::ticket_option_table(), arguments, options);
    if (!rest || rest->size() != 1) {
        return fail(
            log,
            rest ? base::error("ticket takes one argument: HOST, by name or NQN") : rest.error(),
            kUsage);
    }
    const auto config = accept(exports::load_config(options.config), log);
    if (!config) {
        return kFailed;
    }
    options.host = (*rest)[0];
    const auto text = target::ticket(*config, options);
    if (!text) {
        return fail(log, text.error(), kFailed);
    }
    return print(log, *text);
}

std::string ticket_help() {
    return base::options_help(target::ticket_option_table());
}

int run_doctor(Arguments arguments, const Log& log) {
    if (arguments.size() != 1 || arguments[0].starts_with('-')) {
        return fail(log, base::error("doctor takes one argument: FILE"), kUsage);
    }
    const auto config = accept(exports::load_config(std::string(arguments[0])), log);
    if (!config) {
        return kFailed;
    }
    const std::string control = target::operation_sockets(*config).control;
    const std::string socket = control.empty() ? std::string(target::kControlSocket) : control;
    const bool serving = target::ask(socket, "status").ok();
    bool healthy = true;
    std::string text;
    for (const target::Finding& finding : target::examine(*config, {}, serving)) {
        healthy = healthy && finding.verdict != target::Finding::Verdict::kBad;
        text += base::printable(finding.line()) + "\n";
    }
    const int printed = print(log, text);
    return healthy ? printed : kFailed;
}

std::string no_details() {
    return "";
}

int run_genkey(Arguments arguments, const Log& log) {
    target::GenkeyOptions options;
    const auto rest = base::parse_options(target::genkey_option_table(), arguments, options);
    if (!rest || !rest->empty()) {
        return fail(log, rest ? base::error("genkey takes no arguments") : rest.error(), kUsage);
    }
    const auto secret = target::generate_key(options);
    if (!secret) {
        return fail(log, secret.error(), kUsage);
    }
    const Status written = target::write_key(*secret, options.output);
    return written ? kDone : fail(log, written.error(), kFailed);
}

int run_image(Arguments arguments, const Log& log) {
    const auto answer = target::run_image_command(arguments);
    if (!answer) {
        return fail(log, answer.error(),
                    answer.error().text.starts_with("usage: ") ? kUsage : kFailed);
    }
    const int printed = print(log, answer->text);
    return answer->intact ? printed : kDamaged;
}

std::string keys_help() {
    std::string text;
    std::string_view section;
    for (const exports::KeyHelp& key : exports::key_help()) {
        if (key.section != section) {
            section = key.section;
            text += "[" + std::string(section) + "]\n";
        }
        text += base::format(
            "  %-24s %s%s%s\n", std::string(key.name).c_str(), std::string(key.help).c_str(),
            key.fallback.empty() ? "" : "; default ", std::string(key.fallback).c_str());
    }
    return text;
}

std::string serve_help() {
    return base::options_help(target::serve_option_table());
}
std::string genkey_help() {
    return base::options_help(target::genkey_option_table());
}

std::string image_help() {
    return base::options_help(target::image_option_table());
}

struct Command {
    std::string_view name;
    std::string_view usage;
    std::string_view help;
    int (*run)(Arguments arguments, const Log& log);
    std::string (*details)();
};

constexpr Command kCommands[] = {
    {"serve", "--config FILE | --image FILE --host NQN [--key FILE] …", "serve disks over NVMe/TCP",
     run_serve, serve_help},
    {"check-config", "FILE", "report every error in a configuration", run_check_config, keys_help},
    {"doctor", "FILE", "check whether this machine can serve a configuration, with remedies",
     run_doctor, no_details},
    {"plan", "[--control FILE] | OLD NEW",
     "show the changes of a reload, or the differences between two files", run_plan, reload_help},
    {"reload", "[--control FILE]", "have a running server apply its configuration", run_reload,
     reload_help},
    {"status", "[--json]", "show the connected hosts of a running server", run_status, status_help},
    {"drain", "[--timeout SECONDS | --cancel]",
     "move the hosts of a running server to their other paths before it stops", run_drain,
     drain_help},
    {"ticket", "HOST [--config FILE]", "print boot instructions for one host", run_ticket,
     ticket_help},
    {"genkey", "[--hash 1] [-o FILE]", "create a DHHC-1 secret", run_genkey, genkey_help},
    {"image", "info|protect|verify IMAGE [OPTION…]",
     "protect images with checksums, and verify them", run_image, image_help},
};

std::string usage_of(const Command& command) {
    return "usage: nvmeroot-target " + std::string(command.name) + " " +
           std::string(command.usage) + "\n";
}

int show_help(const Log& log, const Command* command) {
    if (command != nullptr) {
        return print(log, usage_of(*command) + command->details());
    }
    std::string text = "usage: nvmeroot-target COMMAND …\n";
    for (const Command& each : kCommands) {
        text += base::format("  %-14s %s\n", std::string(each.name).c_str(),
                             std::string(each.help).c_str());
    }
    return print(log,
                 text + "  COMMAND --help help for COMMAND\n  --version      print the version\n");
}

const Command* find_command(std::string_view name) {
    const auto* command = std::find_if(std::begin(kCommands), std::end(kCommands),
                                       [&](const Command& each) { return each.name == name; });
    return command == std::end(kCommands) ? nullptr : command;
}

int unknown_command(const Log& log, std::string_view name) {
    std::vector<std::string_view> names;
    for (const Command& command : kCommands) {
        names.push_back(command.name);
    }
    const std::string_view near = base::nearest(name, names);
    const std::string hint =
        near.empty() ? "see nvmeroot-target --help" : "did you mean " + std::string(near) + "?";
    return fail(log, base::error("no command " + base::quoted(name) + "; " + hint), kUsage);
}

}  // namespace

int main(int argc, char** argv) {
    base::keep_memory_private();
    const Log log("nvmeroot-target", base::Level::kNotice);
    const std::vector<std::string_view> words(argv + std::min(argc, 1), argv + argc);
    const bool wants_help = std::ranges::find(words, "--help") != words.end();
    const Command* command = words.empty() ? nullptr : find_command(words[0]);
    if (words.empty()) {
        (void)show_help(log, nullptr);
        return kUsage;
    }
    if (wants_help) {
        return show_help(log, command);
    }
    if (words[0] == "--version") {
        return print(log, "nvmeroot-target " + std::string(base::kVersion) + "\n");
    }
    return command != nullptr ? command->run(Arguments(words).subspan(1), log)
                              : unknown_command(log, words[0]);
}
