// SPDX-License-Identifier: GPL-2.0-or-later
//
// nvmeroot-target: the commands and what they print. Exit codes: 0 done, 1 it could not be done,
// 2 usage, 3 an image that does not match its protection information.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/cli/commands.h"
#include "base/cli/key_help.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/secret.h"
#include "base/text.h"
#include "export/diff.h"
#include "export/export_config.h"
#include "target/cli/control_client.h"
#include "target/cli/doctor.h"
#include "target/cli/genkey.h"
#include "target/cli/image_command.h"
#include "target/cli/serve_options.h"
#include "target/cli/ticket.h"
#include "target/operate/operation.h"
#include "target/operate/path_look.h"
#include "target/operate/serve.h"
#include "target/wire/text_server.h"

namespace {

using base::Log;
using base::Status;
using base::Words;

constexpr int kDamaged = 3;

int fail(const Log& log, const base::Error& error, int code = base::kExitFailed) {
    log.error(error.text);
    return code;
}

int judge(const Status& status, const Log& log) {
    return status ? base::kExitDone : fail(log, status.error());
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

int run_serve(target::ServeOptions options, Words /*operands*/, const Log& quiet_log) {
    const auto machine = base::read_text("/etc/machine-id");
    if (const Status complete =
            target::complete_serve_options(options, machine ? base::trim(*machine) : "");
        !complete) {
        return fail(quiet_log, complete.error().in("serve"), base::kExitUsage);
    }
    const Log log("nvmeroot-target", options.verbose ? base::Level::kInfo : base::Level::kNotice);
    target::PathLook look;
    const exports::SelectSilent select_silent = [&look](const std::vector<std::string>& images) {
        return look.silent(images);
    };
    const target::ConfigSource source = [&] {
        return options.config.empty() ? exports::assemble(options.settings, "",
                                                          exports::Demand::kServable, select_silent)
                                      : exports::load_config(options.config, select_silent);
    };
    auto config = accept(source(), log);
    if (!config) {
        return base::kExitFailed;
    }
    target::Interposer nothing;
    return judge(target::serve(std::move(*config), source, options.engine, log, nothing), log);
}

int run_check_config(base::NoOptions /*options*/, Words operands, const Log& log) {
    const std::string file(operands[0]);
    const auto config = accept(exports::load_config(file), log);
    if (!config) {
        return base::kExitFailed;
    }
    size_t namespaces = 0;
    for (const exports::Subsystem& subsystem : config->subsystems) {
        namespaces += subsystem.namespaces.size();
    }
    return base::print(
        base::format("%s: %zu subsystems, %zu namespaces, %zu hosts, no error\n", file.c_str(),
                     config->subsystems.size(), namespaces, config->hosts.size()),
        log);
}

using target::ControlOptions;

int ask_server(const ControlOptions& options, std::string_view question, const Log& log) {
    const auto done = target::command_server(options.socket, question);
    if (!done) {
        return fail(log, done.error());
    }
    return *done ? base::kExitDone : base::kExitFailed;
}

int run_status(const ControlOptions& options, Words /*operands*/, const Log& log) {
    return ask_server(options, options.json ? "status --json" : "status", log);
}

int run_reload(const ControlOptions& options, Words /*operands*/, const Log& log) {
    return ask_server(options, "reload", log);
}

int compare_files(std::string_view before, std::string_view after, const Log& log) {
    const auto running = accept(exports::load_config(std::string(before)), log);
    const auto next = accept(exports::load_config(std::string(after)), log);
    if (!running || !next) {
        return base::kExitFailed;
    }
    std::string text;
    for (const exports::Change& change : exports::diff(*running, *next)) {
        text += base::printable(change.line()) + "\n";
    }
    return base::print(text, log);
}

int run_plan(const ControlOptions& options, Words files, const Log& log) {
    return files.empty() ? ask_server(options, "plan", log)
                         : compare_files(files[0], files[1], log);
}

int run_drain(const ControlOptions& options, Words /*operands*/, const Log& log) {
    base::SystemClock clock;
    return judge(target::drain_server(options, clock), log);
}

int run_ticket(target::TicketOptions options, Words operands, const Log& log) {
    const auto config = accept(exports::load_config(options.config), log);
    if (!config) {
        return base::kExitFailed;
    }
    options.host = operands[0];
    const auto text = target::ticket(*config, options);
    return text ? base::print(*text, log) : fail(log, text.error());
}

int run_doctor(base::NoOptions /*options*/, Words operands, const Log& log) {
    const auto config = accept(exports::load_config(std::string(operands[0])), log);
    if (!config) {
        return base::kExitFailed;
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
    const int printed = base::print(text, log);
    return healthy ? printed : base::kExitFailed;
}

int run_genkey(const target::GenkeyOptions& options, Words /*operands*/, const Log& log) {
    const auto secret = target::generate_key(options);
    return secret ? judge(target::write_key(*secret, options.output), log)
                  : fail(log, secret.error().in("genkey"), base::kExitUsage);
}

int run_image(const target::ImageOptions& options, Words operands, const Log& log) {
    const target::ImageAction* action = target::find_image_action(operands[0]);
    if (action == nullptr) {
        return fail(log, target::unknown_image_action(operands[0]).in("image"), base::kExitUsage);
    }
    const auto answer = action->run(std::string(operands[1]), options);
    if (!answer) {
        return fail(log, answer.error());
    }
    const int printed = base::print(answer->text, log);
    return answer->intact ? printed : kDamaged;
}

std::string all_keys() {
    return base::keys_help(exports::key_help());
}

// clang-format off
constexpr base::Command kCommands[] = {
    base::command<target::serve_option_table, run_serve>("serve", "", "serve disks over NVMe/TCP"),
    base::command<base::no_options, run_check_config>("check-config", "FILE", "report every error in a configuration"),
    base::command<base::no_options, run_doctor>("doctor", "FILE", "check whether this machine can serve a configuration, with remedies"),
    base::command<target::control_option_table, run_plan>("plan", "[OLD NEW]", "show the changes of a reload, or the differences between two files"),
    base::command<target::control_option_table, run_reload>("reload", "", "have a running server apply its configuration"),
    base::command<target::status_option_table, run_status>("status", "", "show the connected hosts of a running server"),
    base::command<target::drain_option_table, run_drain>("drain", "", "move the hosts of a running server to their other paths before it stops"),
    base::command<target::ticket_option_table, run_ticket>("ticket", "HOST", "print boot instructions for one host"),
    base::command<target::genkey_option_table, run_genkey>("genkey", "", "create a DHHC-1 secret"),
    base::command<target::image_option_table, run_image>("image", "info|protect|verify IMAGE", "protect images with checksums, and verify them"),
};
constexpr base::Topic kTopics[] = {{"keys", "list all configuration keys", all_keys}};
// clang-format on
constexpr base::Program kProgram = {"nvmeroot-target", kCommands, kTopics,
                                    "nvmeroot-target(8) and nvmeroot-target.conf(5)"};

}  // namespace

int main(int argc, char** argv) {
    base::keep_memory_private();
    return base::run_program(kProgram, base::arguments_of(argc, argv));
}
