// SPDX-License-Identifier: GPL-2.0-or-later
#include "load/options.h"

#include <utility>

#include "base/secret_file.h"
#include "base/text.h"

namespace load {
namespace {

using base::done;
using base::Option;
using base::Status;
using View = std::string_view;

/// ADDRESS:PORT, an IPv6 address in brackets.
base::Result<target::SocketAddress> parse_address(View text) {
    const size_t colon = text.rfind(':');
    if (colon == View::npos) {
        return base::error("needs ADDRESS:PORT");
    }
    View address = text.substr(0, colon);
    if (address.starts_with('[') && address.ends_with(']')) {
        address = address.substr(1, address.size() - 2);
    }
    TRY(const uint64_t port, base::parse_u64(text.substr(colon + 1), UINT16_MAX));
    return target::SocketAddress{std::string(address), static_cast<uint16_t>(port)};
}

template <class T, class Into>
Status set(base::Result<T> value, Into& into) {
    if (!value) {
        return std::move(value).error();
    }
    into = static_cast<Into>(*value);
    return done();
}

Status set_address(View text, std::optional<target::SocketAddress>& into) {
    TRY(into, parse_address(text));
    return done();
}

Status set_pid(View text, std::optional<pid_t>& into) {
    TRY(const uint64_t pid, base::parse_u64(text, INT32_MAX));
    into = static_cast<pid_t>(pid);
    return done();
}

/// A list, each word read by `parse`.
template <class T, class Parse>
Status set_list(View text, std::vector<T>& into, Parse parse) {
    into.clear();
    for (const View word : base::split(text, ',')) {
        TRY(const auto value, parse(word));
        into.push_back(static_cast<T>(value));
    }
    return done();
}

template <class T>
base::Result<T> known(std::optional<T> value, View word) {
    if (!value) {
        return base::error(base::quoted(word) + " is not known");
    }
    return std::move(*value);
}

base::Result<uint64_t> parse_count(View word) {
    TRY(const uint64_t count, base::parse_u64(word, 65535));
    if (count == 0) {
        return base::error("must not be 0");
    }
    return count;
}

base::Result<std::string> parse_digests(View word) {
    constexpr std::array<std::pair<View, View>, 4> kNames = {
        {{"none", "-"}, {"header", "H"}, {"data", "D"}, {"both", "H+D"}}};
    const auto* row = std::ranges::find(kNames, word, &std::pair<View, View>::first);
    return known(row == kNames.end() ? std::nullopt : std::optional(std::string(row->second)),
                 word);
}

Status set_hashes(View text, Settings& o) {
    return set_list(text, o.hashes, [](View w) { return known(nvme::find_hash(w), w); });
}
Status set_groups(View text, Settings& o) {
    return set_list(text, o.groups, [](View w) { return known(nvme::find_dh_group(w), w); });
}

// clang-format off
#define TARGET_OPTIONS \
    {"--target", "ADDRESS:PORT", "address of the target (default: 127.0.0.1:4420)", \
     [](View v, Settings& o) { return set(parse_address(v), o.address); }}, \
    {"--subsysnqn", "NQN", "NQN of the subsystem", \
     [](View v, Settings& o) { o.subsysnqn = v; return Status(done()); }}, \
    {"--hostnqn", "NQN", "NQN of this host; in a storm, % is replaced by the number of the host", \
     [](View v, Settings& o) { o.hostnqn = v; return Status(done()); }}, \
    {"--key", "FILE", "DHHC-1 secret of this host; mode 0600", \
     [](View v, Settings& o) { o.key_file = v; return Status(done()); }}, \
    {"--ctrl-key", "FILE", "DHHC-1 secret by which the target must authenticate", \
     [](View v, Settings& o) { o.ctrl_key_file = v; return Status(done()); }}, \
    {"--hash", "sha256,…", "hashes to offer (default: all)", set_hashes}, \
    {"--dhgroup", "ffdhe2048,…", "Diffie-Hellman groups to offer (default: ffdhe2048)", set_groups}, \
    {"--nsid", "NUMBER", "namespace identifier (default: 1)", \
     [](View v, Settings& o) { return set(base::parse_u64(v, UINT32_MAX - 1), o.nsid); }}, \
    {"--pid", "NUMBER", "process ID of the target, to report its processor time and memory", \
     [](View v, Settings& o) { return set_pid(v, o.target); }}, \
    {"--json", "", "print one line of JSON for each result instead of a table", \
     [](View, Settings& o) { o.json = true; return Status(done()); }}

constexpr Option<Settings> kRunOptions[] = {
    TARGET_OPTIONS,
    {"--access", "randread,…", "randread, randwrite, randrw, read, write",
     [](View v, Settings& o) { return set_list(v, o.accesses, [](View w) { return known(find_access(w), w); }); }},
    {"--size", "4K,…", "size of one command in bytes",
     [](View v, Settings& o) { return set_list(v, o.sizes, base::parse_size); }},
    {"--depth", "32,…", "outstanding commands on each connection",
     [](View v, Settings& o) { return set_list(v, o.depths, parse_count); }},
    {"--connections", "1,…", "number of I/O queues; each is one connection",
     [](View v, Settings& o) { return set_list(v, o.connections, parse_count); }},
    {"--digests", "none,…", "none, header, data, both",
     [](View v, Settings& o) { return set_list(v, o.digests, parse_digests); }},
    {"--time", "1s", "duration of each measurement",
     [](View v, Settings& o) { return set(base::parse_duration(v), o.time); }},
    {"--rounds", "NUMBER", "repeat all measurements this many times and report the best of each",
     [](View v, Settings& o) { return set(parse_count(v), o.rounds); }},
    {"--verify", "", "write patterns and check the data that is read against them",
     [](View, Settings& o) { o.verify = true; return Status(done()); }},
    {"--region", "SIZE", "size of the used part of the disk in bytes (default: all)",
     [](View v, Settings& o) { return set(base::parse_size(v), o.region); }},
    {"--floor", "ADDRESS:PORT", "address of a floor server, which is measured in turn with the target",
     [](View v, Settings& o) { return set_address(v, o.floor); }},
    {"--floor-pid", "NUMBER", "process ID of the floor server",
     [](View v, Settings& o) { return set_pid(v, o.floor_server); }},
    {"--svg", "FILE", "write a plot to this file",
     [](View v, Settings& o) { o.svg_file = v; return Status(done()); }},
};

constexpr Option<Settings> kStormOptions[] = {
    TARGET_OPTIONS,
    {"--hosts", "64,…", "number of hosts",
     [](View v, Settings& o) { return set_list(v, o.hosts, parse_count); }},
    {"--read", "100M", "amount of data that each host reads",
     [](View v, Settings& o) { return set(base::parse_size(v), o.read_bytes); }},
};

constexpr Option<Settings> kFloorOptions[] = {
    {"--listen", "ADDRESS:PORT", "address to serve; port 0: the kernel selects a port",
     [](View v, Settings& o) { return set(parse_address(v), o.address); }},
};
// clang-format on

base::Result<nvme::DhchapSecret> read_secret(const std::string& path) {
    TRY(const base::Secret text, base::read_secret_file(path));
    auto secret = nvme::DhchapSecret::parse(text.reveal());
    if (!secret) {
        return std::move(secret).error().in(path);
    }
    return secret;
}

}  // namespace

std::span<const Option<Settings>> run_option_table() {
    return kRunOptions;
}
std::span<const Option<Settings>> storm_option_table() {
    return kStormOptions;
}
std::span<const Option<Settings>> floor_option_table() {
    return kFloorOptions;
}

base::Result<std::optional<HostSecrets>> read_secrets(const Settings& settings) {
    if (settings.key_file.empty()) {
        return std::optional<HostSecrets>();
    }
    TRY(auto host, read_secret(settings.key_file));
    HostSecrets secrets{std::move(host), std::nullopt, settings.hashes, settings.groups};
    if (!settings.ctrl_key_file.empty()) {
        TRY(secrets.controller, read_secret(settings.ctrl_key_file));
    }
    return std::optional(std::move(secrets));
}

}  // namespace load
