// SPDX-License-Identifier: GPL-2.0-or-later
//
// The command line of a program, `PROGRAM COMMAND [OPTION…] [OPERAND…]`, as a table. A row runs the
// command, documents it, and is suggested for a misspelt word. Every program has the same grammar:
//
//     help, --help, -h           the commands
//     help COMMAND               the options of one command; COMMAND --help and COMMAND -h too
//     help TOPIC                 another text of the program, as `help keys`
//     version, --version, -V     the version
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/cli/options.h"
#include "base/log.h"
#include "base/result.h"

namespace base {

/// Exit codes that all programs share.
inline constexpr int kExitDone = 0;
inline constexpr int kExitFailed = 1;
inline constexpr int kExitUsage = 2;

struct Command {
    std::string_view name;
    /// As help shows them: `FILE`; `[FILE]` or `[OLD NEW]` if they may be left out, together.
    std::string_view operands;
    std::string_view help;
    /// Runs the command. @param words  its options and operands @return the exit code
    int (*run)(const Command& self, Words words, const Log& log);
    std::string (*options)();  ///< help of its options
    std::string (*more)();     ///< the rest of its help; may be null
};

struct Topic {
    std::string_view name;
    std::string_view help;
    std::string (*text)();
};

struct Program {
    std::string_view name;
    std::span<const Command> commands;
    std::span<const Topic> topics;
    std::string_view pages;  ///< the manual pages, for the end of the help
};

/// For a command without options.
struct NoOptions {};
std::span<const Option<NoOptions>> no_options();

/// Errors: `operands` are not as many as the command takes.
Status check_operands(const Command& command, Words operands);

/// Logs wrong usage of a command. @return the exit code
int usage_error(const Command& command, const Error& error, const Log& log);

template <class T>
T options_of(std::span<const Option<T>> (*table)());  // only for its type

/// A row. @tparam table  returns the options; @tparam work  does the work:
/// `int work(T options, Words operands, const Log& log)`
template <auto table, auto work>
constexpr Command command(std::string_view name, std::string_view operands, std::string_view help,
                          std::string (*more)() = nullptr) {
    using Options = decltype(options_of(table));
    return {name,
            operands,
            help,
            [](const Command& self, Words words, const Log& log) {
                Options options;
                const auto rest = parse_options(table(), words, options);
                if (!rest) {
                    return usage_error(self, rest.error(), log);
                }
                if (const Status counted = check_operands(self, *rest); !counted) {
                    return usage_error(self, counted.error(), log);
                }
                return static_cast<int>(work(std::move(options), Words(*rest), log));
            },
            [] { return options_help(table()); },
            more};
}

/// Runs what the words ask for. @param words  without the program's name @return the exit code
int run_program(const Program& program, Words words);

/// The arguments of main, without the program's name.
std::vector<std::string_view> arguments_of(int argc, char** argv);

/// Writes to standard output, where a full disk is an error. @return the exit code
int print(std::string_view text, const Log& log);

}  // namespace base
