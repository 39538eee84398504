// SPDX-License-Identifier: GPL-2.0-or-later
#include "export/keys.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <bit>
#include <utility>

#include "base/cli/values.h"
#include "base/secret_file.h"
#include "base/text.h"
#include "export/shown.h"
#include "nvme/fabrics.h"

namespace exports {
namespace {

using base::Choice;
using base::error;
using base::parse_choice;
using base::parse_list;
using base::parse_names;
using base::Result;
using base::Status;
using base::store;

/// A number between the two bounds.
template <class T>
Status store_number(std::string_view text, uint64_t min, uint64_t max, T& into) {
    TRY(const uint64_t number, base::parse_u64(text));
    if (number < min || number > max) {
        return error(base::quoted(text) + " is not between " + std::to_string(min) + " and " +
                     std::to_string(max));
    }
    into = static_cast<T>(number);
    return base::done();
}

Result<Address> parse_address(std::string_view text, uint16_t default_port) {
    const size_t bracket = text.find(']');
    const bool v6 = text.starts_with('[') && bracket != std::string_view::npos;
    const size_t colon = text.find(':', v6 ? bracket : 0);
    const std::string_view host = v6 ? text.substr(1, bracket - 1) : text.substr(0, colon);
    const std::string_view after = v6 ? text.substr(bracket + 1) : text.substr(host.size());
    Address address{std::string(host), default_port};
    std::array<std::byte, sizeof(in6_addr)> unused;
    if (inet_pton(v6 ? AF_INET6 : AF_INET, address.host.c_str(), unused.data()) != 1) {
        return error(base::quoted(text) + " is not ADDRESS[:PORT] with a numeric address" +
                     (std::count(text.begin(), text.end(), ':') > 1 && !v6
                          ? ": an IPv6 address must be in brackets"
                          : ""));
    }
    if (after.empty()) {
        return address;
    }
    if (after[0] != ':') {
        return error(base::quoted(text) + " has something other than a port after the address");
    }
    const auto port = base::parse_u64(after.substr(1), UINT16_MAX);
    if (!port) {
        return port.error().in("port");
    }
    address.port = static_cast<uint16_t>(*port);
    return address;
}

Status store_metrics(std::string_view text, std::string& into) {
    if (!text.starts_with('/')) {
        const auto address = parse_address(text, 0);
        if (!address || address->port == 0 ||
            (address->host != "::1" && !address->host.starts_with("127."))) {
            return error(
                base::quoted(text) +
                " is neither the absolute path of a file nor a loopback address with a port");
        }
    }
    into = text;
    return base::done();
}

Status store_nqn(std::string_view text, std::string& into) {
    TRY_VOID(nvme::check_name(text));
    if (text == nvme::kDiscoveryNqn) {
        return error("this NQN is reserved for the discovery service");
    }
    into = text;
    return base::done();
}

/// Printable ASCII, as Identify requires.
Status store_label(std::string_view text, size_t limit, std::string& into) {
    const bool printable =
        std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
    if (text.empty() || text.size() > limit || !printable) {
        return error(base::format("not 1 to %zu printable ASCII characters", limit));
    }
    into = text;
    return base::done();
}

Result<nvme::DhchapSecret> load_secret(const Value& value) {
    TRY(const base::Secret text, base::read_secret_file(value.path()));
    auto secret = nvme::DhchapSecret::parse(text.reveal());
    if (!secret) {
        return std::move(secret).error().in(value.path());
    }
    return secret;
}

Status store_image(const Value& value, NamespaceSection& section) {
    return store(base::parse_path(value.path()), section.ns.image);
}

Status store_block_size(std::string_view text, uint32_t& into) {
    if (text != "512" && text != "4096") {
        return error(base::quoted(text) + " is neither 512 nor 4096");
    }
    into = text == "512" ? 512 : 4096;
    return base::done();
}

Status store_transfer_size(std::string_view text, uint32_t& into) {
    constexpr uint64_t kMin = 4096, kMax = 16U << 20U;
    TRY(const uint64_t bytes, base::parse_size(text));
    if (bytes < kMin || bytes > kMax || !std::has_single_bit(bytes)) {
        return error(base::quoted(text) + " is not a power of two between 4K and 16M");
    }
    into = static_cast<uint32_t>(bytes);
    return base::done();
}

/// A number of bytes between the two bounds that is a multiple of `unit`.
Status store_bytes(std::string_view text, uint64_t min, uint64_t max, uint32_t unit,
                   uint32_t& into) {
    TRY(const uint64_t bytes, base::parse_size(text));
    if (bytes < min || bytes > max || bytes % unit != 0) {
        return error(base::quoted(text) + " is not a multiple of " + std::to_string(unit) +
                     " bytes between " + std::to_string(min) + " and " + std::to_string(max));
    }
    into = static_cast<uint32_t>(bytes);
    return base::done();
}

constexpr std::array kPiTypes = {
    Choice<uint8_t>{"none", 0},
    Choice<uint8_t>{"type1", 1},
    Choice<uint8_t>{"type2", 2},
    Choice<uint8_t>{"type3", 3},
};

constexpr std::array kAnaStates = {
    Choice<nvme::AnaState>{"optimized", nvme::AnaState::kOptimized},
    Choice<nvme::AnaState>{"non-optimized", nvme::AnaState::kNonOptimized},
    Choice<nvme::AnaState>{"inaccessible", nvme::AnaState::kInaccessible},
    Choice<nvme::AnaState>{"persistent-loss", nvme::AnaState::kPersistentLoss},
};

Status store_protection(std::string_view text, Protection& into) {
    const auto* const found = std::ranges::find(kProtectionNames, text);
    if (found == kProtectionNames.end()) {
        return error(base::quoted(text) + " is not one of none, at-rest, exposed");
    }
    into = static_cast<Protection>(found - kProtectionNames.begin());
    return base::done();
}

Status store_scrub(std::string_view text, uint64_t& into) {
    if (text == "no") {
        into = 0;
        return base::done();
    }
    return store(base::parse_size(text), into);
}

Status store_section_names(std::string_view text, std::vector<std::string>& into) {
    TRY(const auto words, parse_list(text));
    into.clear();
    std::transform(words.begin(), words.end(), std::back_inserter(into), base::to_lower);
    return base::done();
}

Status store_reference(std::string_view text, std::string& into) {
    into = base::to_lower(text);
    return base::done();
}

Status store_hashes(std::string_view text, HostAuth& into) {
    constexpr auto kFind = +[](std::string_view word) { return nvme::find_hash(word); };
    return store(parse_names(text, kFind, "a hash (sha256, sha384, sha512)"), into.hashes);
}

Status store_groups(std::string_view text, HostAuth& into) {
    constexpr auto kFind = +[](std::string_view word) { return nvme::find_dh_group(word); };
    return store(
        parse_names(text, kFind,
                    "a group (null, ffdhe2048, ffdhe3072, ffdhe4096, ffdhe6144, ffdhe8192)"),
        into.groups);
}

// clang-format off

// The keys for authentication are the same in each section that may have them.
template <class T>
constexpr Key<T> kSecretFile = {"dhchap_secret_file", "FILE", "", "file with the DHHC-1 secret by which the host authenticates; mode 0600",
     [](const Value& v, T& s) { return store(load_secret(v), s.auth().secret); }};
template <class T>
constexpr Key<T> kCtrlSecretFile = {"dhchap_ctrl_secret_file", "FILE", "", "file with the DHHC-1 secret by which the target authenticates to the host; mode 0600",
     [](const Value& v, T& s) { return store(load_secret(v), s.auth().ctrl_secret); }};
template <class T>
constexpr Key<T> kNextSecretFile = {"dhchap_secret_file_next", "FILE", "", "file with a second secret of the host, valid in addition to the first",
     [](const Value& v, T& s) { return store(load_secret(v), s.auth().next_secret); }};
template <class T>
constexpr Key<T> kNextCtrlSecretFile = {"dhchap_ctrl_secret_file_next", "FILE", "", "file with the secret for hosts that used dhchap_secret_file_next",
     [](const Value& v, T& s) { return store(load_secret(v), s.auth().next_ctrl_secret); }};
template <class T>
constexpr Key<T> kHash = {"dhchap_hash", "sha256,sha384,sha512", "those of [target]", "hashes that the host may use",
     [](const Value& v, T& s) { return store_hashes(v.text, s.auth()); },
     [](const HostAuth& c) { return shown(c.hashes); }};
template <class T>
constexpr Key<T> kGroup = {"dhchap_dhgroup", "null,ffdhe2048,…", "those of [target]", "Diffie-Hellman groups that the host may use",
     [](const Value& v, T& s) { return store_groups(v.text, s.auth()); },
     [](const HostAuth& c) { return shown(c.groups); }};

constexpr Key<TargetSection> kTargetKeys[] = {
    {"listen", "ADDRESS[:PORT],…", "0.0.0.0:4420", "addresses that hosts connect to; port 0 selects a free port",
     [](const Value& v, TargetSection& s) { return add_addresses(v.text, nvme::kPortSubsystem, s.listen); },
     +[](const StartValues& c) { return shown(c.listen); }},
    {"discovery", "ADDRESS[:PORT],…", "", "additional addresses of the discovery service (default port: 8009)",
     [](const Value& v, TargetSection& s) { return add_addresses(v.text, nvme::kPortDiscovery, s.discovery); },
     +[](const StartValues& c) { return shown(c.discovery); }},
    {"referrals", "ADDRESS[:PORT],…", "none", "other discovery services that the discovery log refers to (default port: 8009)",
     [](const Value& v, TargetSection& s) { return add_addresses(v.text, nvme::kPortDiscovery, s.referrals); },
     +[](const LiveValues& c) { return shown(c.referrals); }},
    {"max_connections", "NUMBER", "1024", "maximum number of TCP connections; each I/O queue is one connection",
     [](const Value& v, TargetSection& s) { return store_number(v.text, 1, 65536, s.limits.max_connections); },
     +[](const StartValues& c) { return shown(c.limits.max_connections); }},
    {"max_connections_per_address", "NUMBER", "max_connections", "maximum number of TCP connections from one address",
     [](const Value& v, TargetSection& s) { return store_number(v.text, 1, 65536, s.limits.max_connections_per_address); },
     +[](const StartValues& c) { return shown(c.limits.max_connections_per_address); }},
    {"max_strangers", "NUMBER", "256", "maximum number of TCP connections of hosts that are not admitted yet",
     [](const Value& v, TargetSection& s) { return store_number(v.text, 1, 65536, s.limits.max_strangers); },
     +[](const StartValues& c) { return shown(c.limits.max_strangers); }},
    {"io_queues", "NUMBER", "128", "maximum number of I/O queues of one host",
     [](const Value& v, TargetSection& s) { return store_number(v.text, 1, 128, s.limits.io_queues); },
     +[](const StartValues& c) { return shown(uint32_t{c.limits.io_queues}); }},
    {"queue_size", "NUMBER", "128", "number of entries of one queue",
     [](const Value& v, TargetSection& s) { return store_number(v.text, 2, 1024, s.limits.queue_entries); },
     +[](const StartValues& c) { return shown(uint32_t{c.limits.queue_entries}); }},
    {"mdts", "SIZE", "1M", "maximum data transfer size of one command: a power of two, 4K to 16M",
     [](const Value& v, TargetSection& s) { return store_transfer_size(v.text, s.limits.max_transfer_bytes); },
     +[](const StartValues& c) { return shown(c.limits.max_transfer_bytes); }},
    {"in_capsule_data", "SIZE", "8K", "maximum size of write data inside of the command capsule: a multiple of 16 bytes, 0 to 64K",
     [](const Value& v, TargetSection& s) { return store_bytes(v.text, 0, 64U << 10U, 16, s.limits.io_capsule_bytes); },
     +[](const StartValues& c) { return shown(c.limits.io_capsule_bytes); }},
    {"max_h2c_data", "SIZE", "1M", "maximum size of one data transfer from a host: a multiple of 4 bytes, 4K to 16M",
     [](const Value& v, TargetSection& s) { return store_bytes(v.text, 4096, 16U << 20U, 4, s.limits.max_h2c_bytes); },
     +[](const StartValues& c) { return shown(c.limits.max_h2c_bytes); }},
    {"busy_poll", "MICROSECONDS", "50", "time that the server polls for the next command before it sleeps, 0 to 1000",
     [](const Value& v, TargetSection& s) { return store_number(v.text, 0, 1000, s.limits.busy_poll_us); },
     +[](const StartValues& c) { return shown(c.limits.busy_poll_us); }},
    {"reactors", "NUMBER|auto", "1", "number of threads that transfer data, 1 to 64; auto: one per processor",
     [](const Value& v, TargetSection& s) { return v.text == "auto" ? store(base::Result<uint32_t>(0U), s.limits.reactors) : store_number(v.text, 1, 64, s.limits.reactors); },
     +[](const StartValues& c) { return shown(c.limits.reactors); }},
    {"state_dir", "DIRECTORY", "none", "directory for reservations that persist through power loss",
     [](const Value& v, TargetSection& s) { return store(base::parse_path(v.path()), s.state_dir); },
     +[](const StartValues& c) { return shown(c.state_dir); }},
    {"control", "FILE", "", "Unix socket for plan, reload, status and drain",
     [](const Value& v, TargetSection& s) { return store(base::parse_path(v.path()), s.control); },
     +[](const StartValues& c) { return shown(c.control); }},
    {"metrics", "FILE|ADDRESS:PORT", "none", "Unix socket or loopback address that serves metrics to Prometheus",
     [](const Value& v, TargetSection& s) { return store_metrics(v.text, s.metrics); },
     +[](const StartValues& c) { return shown(c.metrics); }},
    {"audit_log", "FILE", "none", "log of the hosts that connected, authenticated or were refused",
     [](const Value& v, TargetSection& s) { return store(base::parse_path(v.path()), s.audit_log); },
     +[](const LiveValues& c) { return shown(c.audit_log); }},
    {"discovery_auth", "yes|no", "no", "require authentication at the discovery service too",
     [](const Value& v, TargetSection& s) { return store(base::parse_bool(v.text), s.discovery_auth); },
     +[](const LiveValues& c) { return shown(c.discovery_auth); }},
    {"strict", "yes|no", "no", "treat an image that cannot be served as an error, and serve nothing",
     [](const Value& v, TargetSection& s) { return store(base::parse_bool(v.text), s.strict); },
     +[](const LiveValues& c) { return shown(c.strict); }},
    {"dhchap_hash", "sha256,sha384,sha512", "all", "hashes that any host may use",
     [](const Value& v, TargetSection& s) { return store_hashes(v.text, s.policy); }},
    {"dhchap_dhgroup", "null,ffdhe2048,…", "all", "Diffie-Hellman groups that any host may use; omit null, which means no exchange",
     [](const Value& v, TargetSection& s) { return store_groups(v.text, s.policy); }},
};

constexpr Key<AnaSection> kAnaKeys[] = {
    {"group", "NUMBER", "", "ANA group, 1 to 32; required",
     [](const Value& v, AnaSection& s) { return store_number(v.text, 1, AnaGroup::kMax, s.ana.group); }},
    {"state", "optimized|non-optimized|inaccessible|persistent-loss", "optimized", "state of the paths of this server to the group",
     [](const Value& v, AnaSection& s) { return store(parse_choice(v.text, kAnaStates), s.ana.state); }},
    {"listen", "ADDRESS[:PORT],…", "all", "addresses that have this state, as in [target]",
     [](const Value& v, AnaSection& s) { return add_addresses(v.text, nvme::kPortSubsystem, s.ana.listen); }},
};

constexpr Key<HostSection> kHostKeys[] = {
    {"nqn", "NQN", "", "NQN of the host; required",
     [](const Value& v, HostSection& s) { return store_nqn(v.text, s.host.nqn); }},
    kSecretFile<HostSection>,
    kCtrlSecretFile<HostSection>,
    kNextSecretFile<HostSection>,
    kNextCtrlSecretFile<HostSection>,
    kHash<HostSection>,
    kGroup<HostSection>,
};

constexpr Key<AccessSection> kAccessKeys[] = {
    {"host", "NAME", "", "host, by the name of its section; required",
     [](const Value& v, AccessSection& s) { return store_reference(v.text, s.host); }},
    {"subsystem", "NAME", "", "subsystem that admits the host, by the name of its section; required",
     [](const Value& v, AccessSection& s) { return store_reference(v.text, s.subsystem); }},
    kSecretFile<AccessSection>,
    kCtrlSecretFile<AccessSection>,
    kNextSecretFile<AccessSection>,
    kNextCtrlSecretFile<AccessSection>,
    kHash<AccessSection>,
    kGroup<AccessSection>,
};

constexpr Key<SubsystemSection> kSubsystemKeys[] = {
    {"nqn", "NQN", "", "NQN of the subsystem; required",
     [](const Value& v, SubsystemSection& s) { return store_nqn(v.text, s.subsystem.nqn); }},
    {"hosts", "NAME,…", "", "hosts that may connect, by the names of their sections",
     [](const Value& v, SubsystemSection& s) { return store_section_names(v.text, s.hosts); }},
    {"allow_any_host", "yes|no", "no", "admit every host; hosts with a secret must authenticate, other hosts need not",
     [](const Value& v, SubsystemSection& s) { return store(base::parse_bool(v.text), s.subsystem.allow_any_host); },
     [](const Subsystem& c) { return shown(c.allow_any_host); }},
    {"require_auth", "yes|no", "no", "treat a listed host without a secret as an error",
     [](const Value& v, SubsystemSection& s) { return store(base::parse_bool(v.text), s.subsystem.require_auth); },
     [](const Subsystem& c) { return shown(c.require_auth); }},
    {"audit", "yes|no", "yes", "export protected images a second time, read-only and with their checksums, as NQN:audit",
     [](const Value& v, SubsystemSection& s) { return store(base::parse_bool(v.text), s.subsystem.audit); },
     [](const Subsystem& c) { return shown(c.audit); }},
    {"serial", "TEXT", "made from the NQN", "serial number, at most 20 characters",
     [](const Value& v, SubsystemSection& s) { return store_label(v.text, 20, s.subsystem.serial); },
     [](const Subsystem& c) { return shown(c.serial); }},
    {"model", "TEXT", "nvmeroot", "model number, at most 40 characters",
     [](const Value& v, SubsystemSection& s) { return store_label(v.text, 40, s.subsystem.model); },
     [](const Subsystem& c) { return shown(c.model); }},
    {"cntlid_min", "NUMBER", "1", "lowest controller ID that this server assigns",
     [](const Value& v, SubsystemSection& s) { return store_number(v.text, 1, nvme::kCntlidMax, s.subsystem.cntlid_min); },
     [](const Subsystem& c) { return shown(uint32_t{c.cntlid_min}); }},
    {"cntlid_max", "NUMBER", "65519", "highest controller ID that this server assigns",
     [](const Value& v, SubsystemSection& s) { return store_number(v.text, 1, nvme::kCntlidMax, s.subsystem.cntlid_max); }},
};

constexpr Key<NamespaceSection> kNamespaceKeys[] = {
    {"subsystem", "NAME", "", "subsystem of the namespace, by the name of its section; required",
     [](const Value& v, NamespaceSection& s) { return store_reference(v.text, s.subsystem); }},
    {"image", "FILE", "", "raw image or block device; required",
     [](const Value& v, NamespaceSection& s) { return store_image(v, s); },
     [](const Namespace& c) { return shown(c.image); }},
    {"hosts", "NAME,…", "all of the subsystem", "hosts that see the namespace, by the names of their sections",
     [](const Value& v, NamespaceSection& s) { return store_section_names(v.text, s.hosts); }},
    {"nsid", "NUMBER", "1", "namespace identifier",
     [](const Value& v, NamespaceSection& s) { return store_number(v.text, 1, 0xfffffffeU, s.ns.nsid); }},
    {"read_only", "yes|no", "no", "refuse writes from all hosts",
     [](const Value& v, NamespaceSection& s) { return store(base::parse_bool(v.text), s.ns.read_only); },
     [](const Namespace& c) { return shown(c.read_only); }},
    {"shared", "yes|no", "no", "allow other servers to serve the same image as part of the same subsystem",
     [](const Value& v, NamespaceSection& s) { return store(base::parse_bool(v.text), s.ns.shared); },
     [](const Namespace& c) { return shown(c.shared); }},
    {"ana_group", "NUMBER", "1", "ANA group of the namespace, 1 to 32; [ana.NAME] specifies its state",
     [](const Value& v, NamespaceSection& s) { return store_number(v.text, 1, AnaGroup::kMax, s.ns.ana_group); },
     [](const Namespace& c) { return shown(c.ana_group); }},
    {"block_size", "512|4096", "512, or the block device's own", "size of a logical block in bytes; the image's size must be a multiple of it",
     [](const Value& v, NamespaceSection& s) { s.ns.block_bytes_given = true; return store_block_size(v.text, s.ns.block_bytes); },
     [](const Namespace& c) { return shown(c.block_bytes); }},
    {"uuid", "UUID", "made from the NQN and the nsid", "permanent identifier of the disk",
     [](const Value& v, NamespaceSection& s) { return store(nvme::parse_uuid(v.text), s.ns.ids.uuid); },
     [](const Namespace& c) { return shown(nvme::to_text(c.ids.uuid)); }},
    {"nguid", "32 HEX DIGITS|none", "the bytes of the UUID", "NGUID of the disk",
     [](const Value& v, NamespaceSection& s) { return v.text == "none" ? Status(base::done()) : store(nvme::parse_nguid(v.text), s.ns.ids.nguid); },
     [](const Namespace& c) { return shown(nvme::to_text(c.ids.nguid)); }},
    {"eui64", "16 HEX DIGITS", "none", "EUI-64 of the disk",
     [](const Value& v, NamespaceSection& s) { return store(nvme::parse_eui64(v.text), s.ns.ids.eui64); },
     [](const Namespace& c) { return shown(nvme::to_text(c.ids.eui64)); }},
    {"protection", "none|at-rest|exposed", "none", "keep a checksum of every block in a sidecar next to the image; exposed: hosts see it too",
     [](const Value& v, NamespaceSection& s) { return store_protection(v.text, s.ns.protection); },
     [](const Namespace& c) { return shown(c.protection); }},
    {"sidecar", "FILE", "the image's name and .pi", "path of the sidecar; `nvmeroot-target image protect` creates it",
     [](const Value& v, NamespaceSection& s) { return store(base::parse_path(v.path()), s.ns.sidecar); },
     [](const Namespace& c) { return shown(c.sidecar); }},
    {"scrub", "no|SIZE", "no", "read and verify a protected image continuously, at this rate per second",
     [](const Value& v, NamespaceSection& s) { return store_scrub(v.text, s.ns.scrub_rate); },
     [](const Namespace& c) { return shown(c.scrub_rate); }},
    {"fault_file", "FILE", "none", "damage data of a protected image as this file specifies, for tests only",
     [](const Value& v, NamespaceSection& s) { return store(base::parse_path(v.path()), s.ns.fault_file); },
     [](const Namespace& c) { return shown(c.fault_file); }},
    {"pi", "none|type1|type2|type3", "none", "report a format with protection information, which no host can use over TCP, for tests",
     [](const Value& v, NamespaceSection& s) { return store(parse_choice(v.text, kPiTypes), s.ns.pi_type); }},
};
// clang-format on

template <class T>
void append_help(std::string_view section, std::span<const Key<T>> keys,
                 std::vector<KeyHelp>& help) {
    for (const Key<T>& key : keys) {
        help.push_back({section, key.name, key.form, key.fallback, key.help});
    }
}

}  // namespace

std::string Value::path() const {
    const bool relative = !text.starts_with('/') && !folder.empty();
    return (relative ? folder + "/" : "") + std::string(text);
}

std::span<const Key<TargetSection>> target_keys() {
    return kTargetKeys;
}
std::span<const Key<HostSection>> host_keys() {
    return kHostKeys;
}
std::span<const Key<AccessSection>> access_keys() {
    return kAccessKeys;
}
std::span<const Key<SubsystemSection>> subsystem_keys() {
    return kSubsystemKeys;
}
std::span<const Key<NamespaceSection>> namespace_keys() {
    return kNamespaceKeys;
}
std::span<const Key<AnaSection>> ana_keys() {
    return kAnaKeys;
}

std::vector<KeyHelp> key_help() {
    std::vector<KeyHelp> help;
    append_help("target", target_keys(), help);
    append_help("subsystem.NAME", subsystem_keys(), help);
    append_help("namespace.NAME", namespace_keys(), help);
    append_help("host.NAME", host_keys(), help);
    append_help("access.NAME", access_keys(), help);
    append_help("ana.NAME", ana_keys(), help);
    return help;
}

Status add_addresses(std::string_view text, uint16_t default_port, std::vector<Address>& into) {
    TRY(const auto words, parse_list(text));
    for (const std::string_view word : words) {
        TRY(Address address, parse_address(word, default_port));
        if (address.port != 0 && std::find(into.begin(), into.end(), address) != into.end()) {
            return error(base::quoted(word) + " is given twice");
        }
        into.push_back(std::move(address));
    }
    return base::done();
}

}  // namespace exports
