// SPDX-License-Identifier: GPL-2.0-or-later
//
// nvmeroot-load: how fast a target is, ours or another, and whether it keeps what it is given.
// Exit codes: 0 done, 1 something failed, 2 usage.
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>

#include "base/cli/commands.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/secret.h"
#include "load/options.h"

namespace {

using base::Log;
using base::Status;
using load::Row;
using load::Settings;

void print(std::string_view text) {
    (void)base::write_all(STDOUT_FILENO, text);  // nowhere to say that there is nobody to read
}

load::AssociationOptions association_of(const Settings& settings,
                                        const load::HostSecrets* secrets) {
    load::AssociationOptions options;
    options.nsid = settings.nsid;
    options.line.address = settings.address;
    options.line.secrets = secrets;
    options.line.connect.hostnqn = settings.hostnqn;
    options.line.connect.subsysnqn = settings.subsysnqn;
    options.line.connect.hostid.bytes.fill(std::byte{0x4C});
    options.line.connect.flow_control = false;
    return options;
}

std::vector<Row> rows_of(const Settings& settings) {
    std::vector<Row> rows;
    for (const uint32_t bytes : settings.sizes) {
        for (const load::Access access : settings.accesses) {
            for (const uint16_t connections : settings.connections) {
                for (const uint16_t depth : settings.depths) {
                    for (const std::string& digests : settings.digests) {
                        rows.push_back({access, bytes, depth, connections, digests, {}, {}});
                    }
                }
            }
        }
    }
    return rows;
}

void keep_better(load::Measured& best, const load::Measured& measured) {
    if (measured.per_second() > best.per_second()) {
        best = measured;
    }
}

Status measure(const Settings& settings, const load::HostSecrets* secrets, Row& row) {
    load::RunOptions options;
    options.association = association_of(settings, secrets);
    options.association.io_queues = row.connections;
    options.association.depth = row.depth;
    options.association.line.queue.header_digest = row.digests.find('H') != std::string::npos;
    options.association.line.queue.data_digest = row.digests.find('D') != std::string::npos;
    options.workload = {row.access, row.bytes, settings.verify, settings.region};
    options.time = settings.time;
    options.target = settings.target;
    TRY(const auto measured, load::run(options));
    keep_better(row.best, measured);
    if (settings.floor) {
        TRY(auto floor,
            load::run_floor({*settings.floor, load::exchange_of(row.access, row.bytes),
                             row.connections, row.depth, settings.time, settings.floor_server}));
        if (!row.floor) {
            row.floor.emplace();
        }
        keep_better(*row.floor, floor);
    }
    return base::done();
}

Status run(const Settings& settings) {
    TRY(const auto secrets, load::read_secrets(settings));
    std::vector<Row> rows = rows_of(settings);
    for (uint32_t round = 0; round < settings.rounds; ++round) {
        for (Row& row : rows) {
            if (auto status = measure(settings, secrets ? &*secrets : nullptr, row); !status) {
                return std::move(status).error().in(load::name(row));
            }
        }
    }
    print(settings.json ? "" : load::table_head());
    for (const Row& row : rows) {
        print(settings.json ? load::json_line(row) : load::table_line(row));
    }
    if (settings.svg_file.empty()) {
        return base::done();
    }
    return base::write_text_atomically(
        settings.svg_file, load::svg(rows, "commands per second, with the floor in the background"),
        0644);
}

/// Each host of a storm takes two descriptors: as many as the system lets us have.
void raise_file_limit() {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);  // what is too little then shows as a failed host
    }
}

Status storm(const Settings& settings) {
    raise_file_limit();
    TRY(const auto secrets, load::read_secrets(settings));
    for (const size_t hosts : settings.hosts) {
        load::StormOptions options;
        options.association = association_of(settings, secrets ? &*secrets : nullptr);
        options.association.depth = 4;
        options.hosts = hosts;
        options.read_bytes = settings.read_bytes;
        options.target = settings.target;
        TRY(const auto result, load::storm(options));
        print(settings.json ? load::storm_json(options, result)
                            : load::storm_text(options, result));
        if (result.failed > 0) {
            return base::error("some hosts of the storm failed");
        }
    }
    return base::done();
}

Status serve_floor(const Settings& settings) {
    return load::serve_floor(settings.address, [](const target::SocketAddress& address) {
        print("listening on " + target::to_text(address) + "\n");
    });
}

int judge(const Status& status, const Log& log) {
    if (!status) {
        log.error(status.error().text);
    }
    return status ? base::kExitDone : base::kExitFailed;
}

/// The commands that need a subsystem.
template <auto work>
int at_subsystem(const Settings& settings, base::Words /*operands*/, const Log& log) {
    if (settings.subsysnqn.empty()) {
        log.error("--subsysnqn NQN is required");
        return base::kExitUsage;
    }
    return judge(work(settings), log);
}

int run_floor(const Settings& settings, base::Words /*operands*/, const Log& log) {
    return judge(serve_floor(settings), log);
}

std::string lists() {
    return "Options that take a list measure every combination.\n";
}

// clang-format off
constexpr base::Command kCommands[] = {
    base::command<load::run_option_table, at_subsystem<run>>("run", "", "measure commands per second and latency, and with --verify check the data", lists),
    base::command<load::storm_option_table, at_subsystem<storm>>("storm", "", "connect many hosts at once and read"),
    base::command<load::floor_option_table, run_floor>("floor", "", "serve bytes without a protocol, for comparison"),
};
// clang-format on
constexpr base::Program kProgram = {"nvmeroot-load", kCommands, {}, "docs/performance.md"};

}  // namespace

int main(int argc, char** argv) {
    base::keep_memory_private();
    (void)signal(SIGPIPE, SIG_IGN);
    return base::run_program(kProgram, base::arguments_of(argc, argv));
}
