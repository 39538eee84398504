// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/cli/commands.h"

#include <unistd.h>

#include <algorithm>

#include "base/cli/version.h"
#include "base/fd.h"
#include "base/text.h"

namespace base {
namespace {

bool is_help_option(std::string_view word) {
    return word == "--help" || word == "-h";
}
bool is_help(std::string_view word) {
    return word == "help" || is_help_option(word);
}
bool is_version(std::string_view word) {
    return word == "version" || word == "--version" || word == "-V";
}

const Command* find_command(const Program& program, std::string_view name) {
    const auto found = std::ranges::find(program.commands, name, &Command::name);
    return found == program.commands.end() ? nullptr : &*found;
}

std::string program_help(const Program& program) {
    std::vector<TwoColumns> rows;
    for (const Command& command : program.commands) {
        rows.push_back({std::string(command.name) + (command.operands.empty() ? "" : " ") +
                            std::string(command.operands),
                        command.help});
    }
    rows.push_back({"help [COMMAND]", "list the commands, or explain one"});
    for (const Topic& topic : program.topics) {
        rows.push_back({"help " + std::string(topic.name), topic.help});
    }
    rows.push_back({"version", "print the version"});
    std::string text = "usage: " + std::string(program.name) + " COMMAND [OPTION…] [OPERAND…]\n\n";
    text += in_columns(rows);
    return text + "\nMore in " + std::string(program.pages) + ".\n";
}

std::string command_help(const Program& program, const Command& command) {
    const std::string options = command.options();
    std::string text = "usage: " + std::string(program.name) + ' ' + std::string(command.name);
    text += options.empty() ? "" : " [OPTION…]";
    text += command.operands.empty() ? "" : " ";
    text += command.operands;
    text += "\n  ";
    text += command.help;
    text += '\n';
    text += options.empty() ? "" : "\noptions:\n" + options;
    return text + (command.more == nullptr ? "" : "\n" + command.more());
}

int unknown(const Program& program, std::string_view problem, std::string_view word,
            std::vector<std::string_view> names, const Log& log) {
    for (const Command& command : program.commands) {
        names.push_back(command.name);
    }
    const std::string suggestion = did_you_mean(word, names);
    log.error(std::string(problem) + quoted(word) +
              (suggestion.empty() ? "; see " + std::string(program.name) + " help" : suggestion));
    return kExitUsage;
}

int unexpected(std::string_view word, const Log& log) {
    log.error("unexpected argument " + quoted(word));
    return kExitUsage;
}

/// @param words  behind `help`
int show_help(const Program& program, Words words, const Log& log) {
    if (words.size() > 1) {
        return unexpected(words[1], log);
    }
    if (words.empty() || is_help(words[0]) || is_version(words[0])) {
        return print(program_help(program), log);
    }
    if (const Command* command = find_command(program, words[0])) {
        return print(command_help(program, *command), log);
    }
    const auto topic = std::ranges::find(program.topics, words[0], &Topic::name);
    if (topic != program.topics.end()) {
        return print(topic->text(), log);
    }
    std::vector<std::string_view> names;
    for (const Topic& each : program.topics) {
        names.push_back(each.name);
    }
    return unknown(program, "no help on ", words[0], std::move(names), log);
}

/// @param words  behind `version`
int show_version(const Program& program, Words words, const Log& log) {
    if (!words.empty()) {
        return is_help_option(words[0]) ? show_help(program, {}, log) : unexpected(words[0], log);
    }
    return print(std::string(program.name) + ' ' + std::string(kVersion) + '\n', log);
}

}  // namespace

std::span<const Option<NoOptions>> no_options() {
    return {};
}

Status check_operands(const Command& command, Words operands) {
    const size_t most = split_words(command.operands).size();
    const bool optional = command.operands.starts_with('[');
    if (operands.size() > most) {
        return error("unexpected argument " + quoted(operands[most]));
    }
    if (operands.size() < most && !(optional && operands.empty())) {
        return error("needs " + std::string(command.operands));
    }
    return done();
}

int usage_error(const Command& command, const Error& error, const Log& log) {
    log.error(std::string(command.name) + ": " + error.text);
    return kExitUsage;
}

int run_program(const Program& program, Words words) {
    const Log log(std::string(program.name), Level::kNotice);
    if (words.empty()) {
        (void)write_all(STDERR_FILENO, program_help(program));
        return kExitUsage;
    }
    const Words rest = words.subspan(1);
    if (is_help(words[0])) {
        return show_help(program, rest, log);
    }
    if (is_version(words[0])) {
        return show_version(program, rest, log);
    }
    const Command* command = find_command(program, words[0]);
    if (command == nullptr) {
        return unknown(program, "no command ", words[0], {"help", "version"}, log);
    }
    return std::ranges::any_of(rest, is_help_option) ? print(command_help(program, *command), log)
                                                     : command->run(*command, rest, log);
}

std::vector<std::string_view> arguments_of(int argc, char** argv) {
    return {argv + std::min(argc, 1), argv + argc};
}

int print(std::string_view text, const Log& log) {
    const Status written = write_all(STDOUT_FILENO, text);
    if (!written) {
        log.error(written.error().in("standard output").text);
    }
    return written ? kExitDone : kExitFailed;
}

}  // namespace base
