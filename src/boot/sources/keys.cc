// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/sources/keys.h"

#include <algorithm>
#include <array>

#include "base/cli/suggestion.h"
#include "base/cli/values.h"
#include "base/text.h"
#include "boot/net/ip_options.h"
#include "boot/plan/secrets.h"
#include "boot/plan/words.h"

namespace boot {
namespace {

using base::Choice;
using base::done;
using base::error;
using base::parse_choice;
using base::parse_names;
using base::Result;
using base::Status;
using base::store;

constexpr std::array kIntegrities = {
    Choice<Integrity>{"off", Integrity::kOff},
    Choice<Integrity>{"report", Integrity::kReport},
    Choice<Integrity>{"wire", Integrity::kWire},
    Choice<Integrity>{"at-rest", Integrity::kAtRest},
    Choice<Integrity>{"end-to-end", Integrity::kEndToEnd},
};
constexpr std::array kExtents = {
    Choice<AuditPolicy::Extent>{"none", AuditPolicy::Extent::kNone},
    Choice<AuditPolicy::Extent>{"sb", AuditPolicy::Extent::kSuperblocks},
    Choice<AuditPolicy::Extent>{"first", AuditPolicy::Extent::kFirst},
    Choice<AuditPolicy::Extent>{"sample", AuditPolicy::Extent::kSample},
    Choice<AuditPolicy::Extent>{"full", AuditPolicy::Extent::kFull},
};
constexpr std::array kIoPolicies = {
    Choice<std::string_view>{"numa", "numa"},
    Choice<std::string_view>{"round-robin", "round-robin"},
    Choice<std::string_view>{"queue-depth", "queue-depth"},
};
using PiType = std::optional<uint8_t>;
constexpr std::array kPiTypes = {
    Choice<PiType>{"any", std::nullopt}, Choice<PiType>{"none", uint8_t{0}},
    Choice<PiType>{"type1", uint8_t{1}}, Choice<PiType>{"type2", uint8_t{2}},
    Choice<PiType>{"type3", uint8_t{3}},
};
constexpr std::array kGuards = {
    Choice<uint8_t>{"16", 16},
    Choice<uint8_t>{"32", 32},
    Choice<uint8_t>{"64", 64},
};
constexpr std::array kBlockSizes = {
    Choice<uint32_t>{"512", 512},
    Choice<uint32_t>{"4096", 4096},
};

/// A time that must be above zero: a wait of no length is a mistake, not a setting.
Result<base::milliseconds> parse_wait(std::string_view text) {
    TRY(const base::milliseconds time, base::parse_duration(text));
    if (time == base::milliseconds(0)) {
        return error("must be longer than zero");
    }
    return time;
}

/// Whole seconds, as the kernel's connect takes them.
Result<base::seconds> parse_seconds(std::string_view text, int64_t least) {
    TRY(const base::milliseconds time, base::parse_duration(text));
    const auto whole = std::chrono::duration_cast<base::seconds>(time);
    if (whole != time || whole.count() < least || whole.count() > INT32_MAX) {
        return error(base::quoted(text) + " is not a whole number of seconds, at least " +
                     std::to_string(least));
    }
    return whole;
}

Result<base::seconds> parse_seconds_or_forever(std::string_view text) {
    if (text == "-1") {
        return base::seconds(-1);
    }
    return parse_seconds(text, 0);
}

Result<uint32_t> parse_u32(std::string_view text, uint32_t least, uint32_t most) {
    TRY(const uint64_t number, base::parse_u64(text, most));
    if (number < least) {
        return error(base::quoted(text) + " is below " + std::to_string(least));
    }
    return static_cast<uint32_t>(number);
}

Result<FormatPolicy> parse_pi(std::string_view text) {
    const auto parts = base::split(text, ',');
    FormatPolicy policy;
    TRY(policy.pi_type, parse_choice(parts.front(), kPiTypes));
    for (const std::string_view part : std::span(parts).subspan(1)) {
        if (part.starts_with("guard=")) {
            TRY(policy.guard_bits, parse_choice(part.substr(6), kGuards));
        } else if (part.starts_with("lbs=")) {
            TRY(policy.block_size, parse_choice(part.substr(4), kBlockSizes));
        } else {
            return error(base::quoted(part) + " is neither guard= nor lbs=");
        }
    }
    if (policy.guard_bits && policy.pi_type == uint8_t{0}) {
        return error("guard= requires protection information and none excludes it");
    }
    return policy;
}

}  // namespace

Result<AuditPolicy> parse_extent(std::string_view text) {
    AuditPolicy policy;
    const size_t colon = std::min(text.find(':'), text.size());
    TRY(policy.extent, parse_choice(text.substr(0, colon), kExtents));
    const bool counts = policy.extent == AuditPolicy::Extent::kFirst ||
                        policy.extent == AuditPolicy::Extent::kSample;
    if (counts != (colon < text.size())) {
        return error(base::quoted(text) +
                     (counts ? " needs a number of blocks, as in first:64" : " takes no number"));
    }
    if (counts) {
        TRY(policy.count, base::parse_u64(text.substr(colon + 1)));
        if (policy.count == 0) {
            return error("the number of blocks must not be 0; use none for no audit");
        }
    }
    return policy;
}

namespace {

/// Keeps the name of the view, which is another key's.
Status apply_extent(std::string_view text, AuditPolicy& into) {
    TRY(const AuditPolicy policy, parse_extent(text));
    into.extent = policy.extent;
    into.count = policy.count;
    return done();
}

/// For a name that is only checked here; identity.h makes a pair of it.
template <class T>
Status store_name(Result<T> checked, const Given& given, Given& into) {
    if (!checked) {
        return std::move(checked).error();
    }
    into = {given.text, given.origin};
    return done();
}

Result<int> parse_tos(std::string_view text) {
    TRY(const uint32_t number, parse_u32(text, 0, UINT8_MAX));
    return static_cast<int>(number);
}

/// Part of an NQN with * and ?, or a whole one.
Result<std::string> parse_pattern(std::string_view text) {
    if (text.find_first_of("*?") == std::string_view::npos) {
        TRY_VOID(nvme::check_name(text));
    }
    return std::string(text);
}

/// A path must be absolute: the hook's working directory is nobody's promise.
Status apply_path(const Given& given, Given& into) {
    TRY_VOID(base::parse_path(given.text));
    if (!given.text.starts_with('/')) {
        return error(base::quoted(given.text) + " is not an absolute path");
    }
    into = given;
    return done();
}

Status apply_words(const Given& given, std::vector<std::string>& into) {
    for (const std::string_view word : base::split_words(given.text)) {
        into.emplace_back(word);
    }
    return done();
}

Status apply_each(const Given& given, std::vector<Given>& into) {
    for (const std::string_view word : base::split_words(given.text)) {
        into.push_back({std::string(word), given.origin, given.source, given.interface});
    }
    return done();
}

// clang-format off
constexpr std::array kKeys = {
    Key{"host", "hostnqn", "NQN", "",
        "host NQN; default: /etc/nvme/hostnqn, else derived from the DMI UUID",
        [](Given& g, Draft& d) { return store_name(nvme::check_name(g.text), g, d.hostnqn); }},
    Key{"host", "hostid", "UUID", "",
        "host identifier; default: the UUID in hostnqn, else /etc/nvme/hostid, else the DMI UUID",
        [](Given& g, Draft& d) { return store_name(nvme::parse_uuid(g.text), g, d.hostid); }},
    Key{"host", "auth", "off|host|mutual", "",
        "required DH-HMAC-CHAP authentication; default: mutual with both secrets, host with one",
        [](Given& g, Draft& d) { return store(parse_choice(g.text, kAuthModes), d.auth); }},
    Key{"host", "on_downgrade", "log|cut|panic", "log",
        "reaction of nvmeroot watch to a target that returns with less authentication than at boot",
        [](Given& g, Draft& d) { return store(parse_choice(g.text, kOnDowngrade), d.plan.on_downgrade); }},
    Key{"host", "dhchap_secret_file", "PATH", "",
        "file with the host's secret; default: /etc/nvmeroot/dhchap_secret if it exists",
        [](Given& g, Draft& d) { return apply_path(g, d.host_secret_file); }},
    Key{"host", "dhchap_ctrl_secret_file", "PATH", "",
        "file with the controller's secret; default: /etc/nvmeroot/dhchap_ctrl_secret if it exists",
        [](Given& g, Draft& d) { return apply_path(g, d.ctrl_secret_file); }},
    Key{"host", "dhchap_secret", "DHHC-1:…", "", "the host's secret; a file is safer",
        [](Given& g, Draft& d) { return store(parse_secret(g.text), d.plan.auth.host_secret); }, false, true},
    Key{"host", "dhchap_ctrl_secret", "DHHC-1:…", "",
        "the controller's secret; a file is safer",
        [](Given& g, Draft& d) { return store(parse_secret(g.text), d.plan.auth.ctrl_secret); }, false, true},
    Key{"host", "dhchap_hash", "LIST", "sha256,sha384,sha512", "hashes that can be negotiated",
        [](Given& g, Draft& d) { return store(parse_names<nvme::HashId>(g.text, nvme::find_hash, "a hash"), d.plan.auth.hashes); }},
    Key{"host", "dhchap_dhgroup", "LIST",
        "null,ffdhe2048,ffdhe3072,ffdhe4096,ffdhe6144,ffdhe8192",
        "Diffie-Hellman groups that can be negotiated",
        [](Given& g, Draft& d) { return store(parse_names<nvme::DhGroup>(g.text, nvme::find_dh_group, "a DH group"), d.plan.auth.groups); }},

    Key{"network", "ip", "IP", "", "address of an interface, as in ip= on the kernel command line",
        [](Given& g, Draft& d) { return apply_each(g, d.addresses); }, true},
    Key{"network", "interface", "NAME", "", "interface for ip values that name none: its name, its Ethernet address, or @DRIVER",
        [](Given& g, Draft& d) { d.plan.network.interface = g.text; InterfacePlan plan; return set_interface(plan, g.text); }},
    Key{"network", "mtu", "BYTES", "", "MTU of interfaces whose ip value names none",
        [](Given& g, Draft& d) { return store(parse_u32(g.text, kMinMtu, kMaxMtu), d.plan.network.mtu); }},
    Key{"network", "carrier_timeout", "TIME", "10s", "time limit for an interface to appear, and then to get a link",
        [](Given& g, Draft& d) { return store(parse_wait(g.text), d.plan.network.carrier_timeout); }},
    Key{"network", "dhcp_timeout", "TIME", "30s", "time limit for one attempt to get a lease",
        [](Given& g, Draft& d) { return store(parse_wait(g.text), d.plan.network.dhcp_timeout); }},

    Key{"root", "uri", "URI|dhcp", "", "location of the root; one URI for each portal",
        [](Given& g, Draft& d) { return apply_each(g, d.uris); }, true},
    Key{"root", "subsysnqn", "NQN", "",
        "NQN of the root among the subsystems that discovery finds; * and ? are wildcards",
        [](Given& g, Draft& d) { return store(parse_pattern(g.text), d.plan.subsystems); }},
    Key{"root", "nsid", "NUMBER", "", "the namespace must have this NSID",
        [](Given& g, Draft& d) { return store(parse_u32(g.text, 1, 0xFFFFFFFE), d.plan.demanded.nsid); }},
    Key{"root", "uuid", "UUID", "", "the namespace must have this UUID",
        [](Given& g, Draft& d) { return store(nvme::parse_uuid(g.text), d.plan.demanded.uuid); }},
    Key{"root", "nguid", "NGUID", "", "the namespace must have this NGUID",
        [](Given& g, Draft& d) { return store(nvme::parse_nguid(g.text), d.plan.demanded.nguid); }},
    Key{"root", "eui64", "EUI64", "", "the namespace must have this EUI-64",
        [](Given& g, Draft& d) { return store(nvme::parse_eui64(g.text), d.plan.demanded.eui64); }},
    Key{"root", "timeout", "TIME", "180s", "time limit for all attempts",
        [](Given& g, Draft& d) { return store(parse_wait(g.text), d.plan.timeouts.total); }},
    Key{"root", "debug", "yes|no", "no", "log each step on the console, as --debug does",
        [](Given& g, Draft& d) { return store(base::parse_bool(g.text), d.plan.debug); }},
    Key{"root", "probe", "yes|no", "yes", "ask each portal from user space before the kernel connects",
        [](Given& g, Draft& d) { return store(base::parse_bool(g.text), d.plan.probe); }},
    Key{"root", "probe_timeout", "TIME", "5s", "time limit for one probe",
        [](Given& g, Draft& d) { return store(parse_wait(g.text), d.plan.timeouts.probe); }},
    Key{"root", "connect_timeout", "TIME", "20s", "time limit for one connect of the kernel",
        [](Given& g, Draft& d) { return store(parse_wait(g.text), d.plan.timeouts.connect); }},
    Key{"root", "namespace_timeout", "TIME", "10s",
        "time limit for the namespace and its partitions to appear",
        [](Given& g, Draft& d) { return store(parse_wait(g.text), d.plan.timeouts.name_space); }},
    Key{"root", "ctrl_loss_tmo", "TIME|-1", "-1",
        "time for which the kernel tries to reconnect before it removes the root disk; -1: forever",
        [](Given& g, Draft& d) { return store(parse_seconds_or_forever(g.text), d.plan.connect.ctrl_loss_tmo); }},
    Key{"root", "reconnect_delay", "TIME", "2s", "pause between the kernel's reconnects",
        [](Given& g, Draft& d) { return store(parse_seconds(g.text, 1), d.plan.connect.reconnect_delay); }},
    Key{"root", "fast_io_fail_tmo", "TIME|-1", "-1",
        "time for which I/O waits for a reconnect before it fails; -1: forever",
        [](Given& g, Draft& d) { return store(parse_seconds_or_forever(g.text), d.plan.connect.fast_io_fail_tmo); }},
    Key{"root", "keep_alive_tmo", "TIME", "5s", "time without an answer after which the target is lost",
        [](Given& g, Draft& d) { return store(parse_seconds(g.text, 1), d.plan.connect.keep_alive_tmo); }},
    Key{"root", "nr_io_queues", "NUMBER", "0", "I/O queues; 0: one for each processor, at most 4",
        [](Given& g, Draft& d) { return store(parse_u32(g.text, 0, 65535), d.plan.connect.nr_io_queues); }},
    Key{"root", "queue_size", "NUMBER", "128", "entries of each I/O queue, 16 to 1024",
        [](Given& g, Draft& d) { return store(parse_u32(g.text, 16, 1024), d.plan.connect.queue_size); }},
    Key{"root", "iopolicy", "numa|round-robin|queue-depth", "",
        "how the kernel selects a path to the root; default: the kernel's choice",
        [](Given& g, Draft& d) { return store(parse_choice(g.text, kIoPolicies), d.plan.io_policy); }},
    Key{"root", "tos", "NUMBER", "", "type of service of the connections' packets, 0 to 255; default: none",
        [](Given& g, Draft& d) { return store(parse_tos(g.text), d.plan.connect.tos); }},
    Key{"root", "hdr_digest", "yes|no", "no", "CRC-32C of each PDU's header",
        [](Given& g, Draft& d) { return store(base::parse_bool(g.text), d.plan.connect.hdr_digest); }},
    Key{"root", "data_digest", "yes|no", "yes", "CRC-32C of each PDU's data",
        [](Given& g, Draft& d) { return store(base::parse_bool(g.text), d.plan.connect.data_digest); }},

    Key{"integrity", "integrity", "off|report|wire|at-rest|end-to-end", "report",
        "off: no report; report: report how the data is protected; wire: require data digests; at-rest: require an audit; end-to-end: both",
        [](Given& g, Draft& d) { return store(parse_choice(g.text, kIntegrities), d.plan.integrity); }},
    Key{"integrity", "pi", "any|none|type1|type2|type3[,guard=16|32|64][,lbs=512|4096]", "any",
        "required format of the namespace",
        [](Given& g, Draft& d) { return store(parse_pi(g.text), d.plan.format); }},

    Key{"integrity", "verify", "none|sb|first:N|sample:N|full", "",
        "blocks whose checksums are verified before the root is connected; default: sb if integrity requires an audit, else none",
        [](Given& g, Draft& d) { d.verify_given = true; return apply_extent(g.text, d.plan.audit); }},
    Key{"integrity", "audit_nqn", "NQN", "",
        "subsystem that exposes the root with its checksums; default: the root's NQN and :audit",
        [](Given& g, Draft& d) { d.plan.audit.nqn = g.text; return nvme::check_name(g.text); }},

    Key{"modules", "modules", "NAMES", "", "additional kernel modules to load",
        [](Given& g, Draft& d) { return apply_words(g, d.plan.extra_modules); }, true},
    Key{"modules", "load", "yes|no", "yes", "whether to load kernel modules; no: all are built in or loaded",
        [](Given& g, Draft& d) { return store(base::parse_bool(g.text), d.plan.load_modules); }},
};
// clang-format on

}  // namespace

std::span<const Key> keys() {
    return kKeys;
}

std::span<const std::string_view> secret_keys() {
    static const std::vector<std::string_view> names = [] {
        std::vector<std::string_view> found;
        for (const Key& key : kKeys) {
            if (key.secret) {
                found.push_back(key.name);
            }
        }
        return found;
    }();
    return names;
}

namespace {

struct NamedKey {
    KeyId id;
    std::string_view name;
};
constexpr std::array kNamedKeys = {
    NamedKey{KeyId::kHostnqn, "hostnqn"},
    NamedKey{KeyId::kHostid, "hostid"},
    NamedKey{KeyId::kAuth, "auth"},
    NamedKey{KeyId::kHostSecret, "dhchap_secret"},
    NamedKey{KeyId::kHostSecretFile, "dhchap_secret_file"},
    NamedKey{KeyId::kCtrlSecret, "dhchap_ctrl_secret"},
    NamedKey{KeyId::kCtrlSecretFile, "dhchap_ctrl_secret_file"},
    NamedKey{KeyId::kIp, "ip"},
    NamedKey{KeyId::kCarrierTimeout, "carrier_timeout"},
    NamedKey{KeyId::kDhcpTimeout, "dhcp_timeout"},
    NamedKey{KeyId::kUri, "uri"},
    NamedKey{KeyId::kVerify, "verify"},
    NamedKey{KeyId::kHdrDigest, "hdr_digest"},
    NamedKey{KeyId::kDataDigest, "data_digest"},
};

/// The row of each KeyId. Null if a name has no row: then the program does not compile.
constexpr auto kRowOf = [] {
    std::array<const Key*, kNamedKeys.size()> rows{};
    for (const Key& key : kKeys) {
        for (size_t i = 0; i < kNamedKeys.size(); ++i) {
            if (key.name == kNamedKeys[i].name) {
                rows[static_cast<size_t>(kNamedKeys[i].id)] = &key;
            }
        }
    }
    return rows;
}();
static_assert(std::ranges::find(kRowOf, nullptr) == kRowOf.end());

}  // namespace

const Key& key_of(KeyId id) {
    return *kRowOf[static_cast<size_t>(id)];
}

const Key* find_key(std::string_view name) {
    const auto key = std::find_if(kKeys.begin(), kKeys.end(),
                                  [&](const Key& candidate) { return candidate.name == name; });
    return key == kKeys.end() ? nullptr : &*key;
}

std::string suggest_key(std::string_view name) {
    return base::did_you_mean(base::to_lower(name), kKeys, &Key::name);
}

std::string suggest_section(std::string_view name) {
    std::vector<std::string_view> sections;
    for (const Key& key : kKeys) {
        sections.push_back(key.section);
    }
    sections.push_back("path.NAME");
    return base::did_you_mean(name, sections);
}

}  // namespace boot
