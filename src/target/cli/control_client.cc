// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/cli/control_client.h"

#include <unistd.h>

#include <optional>

#include "base/fd.h"
#include "base/text.h"
#include "target/operate/operation.h"
#include "target/wire/text_server.h"

namespace target {
namespace {

using base::Result;
using base::Status;
using ControlOption = base::Option<ControlOptions>;

/// Between two looks at hosts that move.
constexpr base::milliseconds kDrainInterval{200};

// clang-format off
constexpr ControlOption kSocketRow =
    {"--control", "FILE", "control socket of the server (default: /run/nvmeroot-target/control)",
     [](std::string_view v, ControlOptions& o) { o.socket = v; return Status(base::done()); }};
constexpr ControlOption kControlOptions[] = {kSocketRow};
constexpr ControlOption kStatusOptions[] = {
    {"--json", "", "print JSON",
     [](std::string_view, ControlOptions& o) { o.json = true; return Status(base::done()); }},
    kSocketRow,
};
constexpr ControlOption kDrainOptions[] = {
    {"--timeout", "SECONDS", "time to wait for the hosts (default: 30)",
     [](std::string_view v, ControlOptions& o) -> Status {
         TRY(const uint64_t count, base::parse_u64(v, UINT32_MAX));
         o.timeout = base::seconds(count);
         return base::done();
     }},
    {"--cancel", "", "admit hosts again",
     [](std::string_view, ControlOptions& o) { o.cancel = true; return Status(base::done()); }},
    kSocketRow,
};
// clang-format on

struct Answer {
    bool good = false;
    std::string text;
};

Result<Answer> ask_server(const std::string& socket, std::string_view question) {
    TRY(const std::string answer, ask(socket, question));
    const size_t end = answer.find('\n');
    const std::string_view verdict = std::string_view(answer).substr(0, end);
    if (verdict != "ok" && verdict != "error") {
        return base::error(socket + ": not a reply of nvmeroot-target");
    }
    return Answer{verdict == "ok", answer.substr(end + 1)};
}

/// How many hosts have yet to move.
Result<uint64_t> hosts_left(const std::string& socket) {
    TRY(const Answer answer, ask_server(socket, "drain"));
    const std::string_view text = base::trim(answer.text);
    return answer.good ? base::parse_u64(text) : base::error(std::string(text));
}

}  // namespace

ControlOptions::ControlOptions() : socket(kControlSocket) {}

std::span<const ControlOption> control_option_table() {
    return kControlOptions;
}
std::span<const ControlOption> status_option_table() {
    return kStatusOptions;
}
std::span<const ControlOption> drain_option_table() {
    return kDrainOptions;
}

Result<bool> command_server(const std::string& socket, std::string_view question) {
    TRY(const Answer answer, ask_server(socket, question));
    TRY_VOID(base::write_all(answer.good ? STDOUT_FILENO : STDERR_FILENO, answer.text));
    return answer.good;
}

Status drain_server(const ControlOptions& options, base::Clock& clock) {
    if (options.cancel) {
        TRY(const bool done, command_server(options.socket, "drain --cancel"));
        return done ? Status(base::done()) : base::error("the server did not cancel the drain");
    }
    const base::Deadline deadline(clock, options.timeout);
    std::optional<uint64_t> shown;
    while (true) {
        TRY(const uint64_t left, hosts_left(options.socket));
        if (left != shown) {
            shown = left;
            const std::string line =
                left == 0 ? "no host uses this server\n"
                          : "hosts that still use this server: " + std::to_string(left) + "\n";
            TRY_VOID(base::write_all(STDOUT_FILENO, line));
        }
        if (left == 0) {
            return base::done();
        }
        if (deadline.passed()) {
            return base::error("hosts have not moved in time; the server continues to drain");
        }
        clock.sleep(kDrainInterval);
    }
}

}  // namespace target
