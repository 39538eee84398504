// SPDX-License-Identifier: GPL-2.0-or-later
//
// The offer of a server, from an ini file or from the options of a command line: both become
// Settings, which assemble() turns into one ExportConfig. The result is complete and consistent, or
// there is a list of everything that is wrong.
//
//     nvmeroot-target.conf ─► load_config ─┐
//                                          ├─► Setting… ─► assemble ─► ExportConfig
//     --image --host --key  ─► options ────┘
//
// Nothing here knows sockets or configfs: both target programs read one language.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "nvme/dhchap.h"
#include "nvme/fabrics.h"
#include "nvme/identify.h"
#include "nvme/nqn.h"

namespace exports {

/// A numeric address to listen on.
struct Address {
    std::string host;  ///< IPv4, or IPv6 without brackets
    uint16_t port = 0;
    bool operator==(const Address&) const = default;
};

/// How a host and the target authenticate each other. The `next` secrets are valid in addition to
/// the others, so that both sides can change theirs one after the other.
struct HostAuth {
    std::optional<nvme::DhchapSecret> secret;       ///< the host proves that it has this
    std::optional<nvme::DhchapSecret> ctrl_secret;  ///< the target proves that it has this
    std::optional<nvme::DhchapSecret> next_secret;
    std::optional<nvme::DhchapSecret> next_ctrl_secret;
    std::vector<nvme::HashId> hashes{nvme::kHashes.begin(), nvme::kHashes.end()};
    std::vector<nvme::DhGroup> groups{nvme::kDhGroups.begin(), nvme::kDhGroups.end()};
};

struct Host : HostAuth {
    std::string name;  ///< of its section
    std::string nqn;
};

/// The secrets of one host at one subsystem, instead of those that it has elsewhere.
struct Access : HostAuth {
    std::string name;     ///< of its section
    std::string hostnqn;  ///< one of the subsystem's hosts
};

/// The use of the protection information of a namespace's blocks.
enum class Protection : uint8_t {
    kNone,
    kAtRest,   ///< kept next to the image, made and checked by the target; hosts see plain blocks
    kExposed,  ///< the same, and hosts see it too: each block with its tuple behind it
};

/// By Protection.
inline constexpr std::array<std::string_view, 3> kProtectionNames = {"none", "at-rest", "exposed"};

/// The values that decide how a namespace's image is opened: a change of one reopens it.
struct ImageUse {
    std::string image;  ///< absolute, or as seen from the working directory
    uint32_t block_bytes = 512;
    Protection protection = Protection::kNone;
    std::string sidecar;     ///< empty: next to the image
    std::string fault_file;  ///< tests alone: what to damage; empty: nothing
    uint8_t pi_type = 0;
    bool shared = false;  ///< another server serves the same image
    /// A view of another subsystem's namespace with the same number, by that one's NQN; empty: not.
    std::string view_of;

    bool operator==(const ImageUse&) const = default;
};

struct Namespace : ImageUse {
    std::string name;  ///< of its section
    uint32_t nsid = 0;
    /// Why the image cannot be served as it was found: it is missing or is not a raw disk; empty:
    /// no reason is known.
    std::string unserved;
    nvme::NamespaceIds ids;
    bool block_bytes_given = false;  ///< else a block device has its own
    bool read_only = false;
    uint64_t scrub_rate = 0;         ///< bytes a second that are read and checked all the time
    std::string audit_nqn;           ///< the subsystem that shows its tuples; empty: none does
    std::vector<std::string> hosts;  ///< NQNs that see it; empty: all that the subsystem admits
    uint32_t ana_group = 1;
};

/// How good the paths of this server to a group of namespaces are.
struct AnaGroup {
    static constexpr uint32_t kMax = 32;

    std::string name;  ///< of its section
    uint32_t group = 0;
    nvme::AnaState state = nvme::AnaState::kOptimized;
    std::vector<Address> listen;  ///< addresses where it is so; empty: at all
};

struct Subsystem {
    std::string name;  ///< of its section
    std::string nqn;
    std::string serial;
    std::string model = "nvmeroot";
    bool allow_any_host = false;
    bool require_auth = false;
    bool audit = true;    ///< its protected namespaces are shown with their tuples by another one
    std::string view_of;  ///< it is that other one, of the subsystem with this NQN
    uint16_t cntlid_min = 1;
    uint16_t cntlid_max = nvme::kCntlidMax;
    std::vector<std::string> hosts;  ///< NQNs
    std::vector<Access> access;
    std::vector<Namespace> namespaces;
};

struct Limits {
    uint32_t max_connections = 1024;
    uint32_t max_connections_per_address = 0;  ///< 0: no other bound
    uint32_t max_strangers = 256;              ///< connections that are not admitted yet
    uint16_t io_queues = 128;
    uint16_t queue_entries = 128;
    uint32_t max_transfer_bytes = 1U << 20U;
    uint32_t max_h2c_bytes = 1U << 20U;
    uint32_t io_capsule_bytes = 8192;
    uint32_t busy_poll_us = 50;  ///< 0: never
    uint32_t reactors = 1;       ///< 0: one for each processor
};

/// The values of [target] that take effect when the server starts.
struct StartValues {
    Limits limits;
    std::vector<Address> listen;
    std::vector<Address> discovery;
    std::string state_dir;  ///< for what outlives a restart; empty: nothing does
    std::string control;    ///< path of the control socket; empty: the default
    std::string metrics;    ///< path or loopback address where Prometheus asks; empty: nowhere
};

/// The values of [target] that a reload changes.
struct LiveValues {
    std::vector<Address> referrals;  ///< other discovery services
    std::string audit_log;           ///< empty: none
    bool discovery_auth = false;     ///< hosts authenticate at the discovery service too
    bool strict = false;             ///< an image that cannot be served is an error
};

struct ExportConfig : StartValues, LiveValues {
    std::vector<Host> hosts;
    std::vector<Subsystem> subsystems;
    std::vector<AnaGroup> ana;
    /// Allowed settings that are seldom meant, each a sentence with its place.
    std::vector<std::string> warnings;
};

/// One key's value and where it was written.
struct Setting {
    std::string section;  ///< lower case: `target`, `host.NAME`, …
    std::string key;      ///< lower case
    std::string value;
    std::string place;  ///< of the section: `file:3: [host.a]`, or `command line:`
    std::string shown;  ///< the key as its user wrote it: `nqn`, or `--host`

    /// To begin an error with.
    [[nodiscard]] std::string where() const { return place + " " + shown; }
};

/// Every error that was found, each a sentence that begins with its place. Never empty, never
/// quotes a secret.
using Errors = std::vector<std::string>;

/// The demands on a configuration. kWellFormed lets parts be missing that a server needs:
/// namespaces, images, hosts; its reader knows other ways to have them.
enum class Demand { kServable, kWellFormed };

/// Selects the images whose file systems do not answer: those are not looked at, which could take
/// forever, and are `unserved`. An empty function selects none.
using SelectSilent = std::function<std::set<std::string>(const std::vector<std::string>& images)>;

/// @param folder  where relative file names start; empty: the working directory
base::Result<ExportConfig, Errors> assemble(std::span<const Setting> settings,
                                            const std::string& folder,
                                            Demand demand = Demand::kServable,
                                            const SelectSilent& select_silent = {});

/// The lines of a file, for those who have keys of their own; sections and keys are not looked at.
/// @param path  stands for the file in errors
base::Result<std::vector<Setting>, Errors> parse_settings(std::string_view text,
                                                          const std::string& path);
/// Of a file, as assemble() takes it.
std::string folder_of(const std::string& path);

/// File names in the file start at its own directory.
base::Result<ExportConfig, Errors> load_config(const std::string& path,
                                               const SelectSilent& select_silent = {});
/// As load_config. @param path  stands for the file in errors and gives the directory.
base::Result<ExportConfig, Errors> parse_config(std::string_view text, const std::string& path,
                                                const SelectSilent& select_silent = {});

/// The documentation of a key: a row of the key table without its code.
struct KeyHelp {
    std::string_view section;  ///< `target`, `subsystem.NAME`, …
    std::string_view name;
    std::string_view form;      ///< what may be written: `yes|no`, `NQN`
    std::string_view fallback;  ///< the value when it is left out; empty: see help
    std::string_view help;      ///< one sentence
};
/// Every key, sections together.
std::vector<KeyHelp> key_help();

}  // namespace exports
