// SPDX-License-Identifier: GPL-2.0-or-later
//
// The plan of the boot, decided before anything is changed: typed, complete and checked.
// load_plan.h creates it. If the target is `dhcp`, root_path.h fills it in after the lease.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/secret.h"
#include "base/sys_paths.h"
#include "boot/failure.h"
#include "boot/net/network_plan.h"
#include "boot/plan/identity.h"
#include "nvme/dhchap.h"
#include "nvme/nqn.h"

namespace boot {

/// One address at which the target may answer.
struct Portal {
    std::string address;  ///< numeric, no brackets; a link-local one with %interface
    uint16_t port = 0;
    std::string origin;        ///< its source, for messages
    bool is_name = false;      ///< `address` is a DNS name that the resolver has yet to replace
    std::string source{};      ///< the host's address to connect from; empty: the route's
    std::string interface {};  ///< the interface to connect through; empty: the route's

    /// The same address, reached from the same source and interface.
    [[nodiscard]] bool same_path(const Portal& other) const {
        return address == other.address && port == other.port && source == other.source &&
               interface == other.interface;
    }
    /// As in a URI: `192.0.2.1:4420`, `[fe80::1%eth0]:4420`.
    [[nodiscard]] std::string text() const;
};

/// The requirements of the root's namespace. All given values must match; without any, the
/// subsystem must have exactly one namespace.
struct NamespaceChoice {
    std::optional<uint32_t> nsid;
    std::optional<nvme::Uuid> uuid;
    std::optional<nvme::Nguid> nguid;
    std::optional<nvme::Eui64> eui64;
};

enum class Auth { kOff, kHost, kMutual };

struct AuthPlan {
    Auth mode = Auth::kOff;
    base::Secret host_secret;  ///< set unless mode is kOff
    base::Secret ctrl_secret;  ///< set when mode is kMutual
    /// The values that can be negotiated; never empty.
    std::vector<nvme::HashId> hashes;
    std::vector<nvme::DhGroup> groups;
};

/// Options of the kernel's connect. A time of -1 s means "forever" to the kernel.
struct ConnectOptions {
    base::seconds ctrl_loss_tmo{-1};
    base::seconds reconnect_delay{2};
    base::seconds fast_io_fail_tmo{-1};
    base::seconds keep_alive_tmo{5};
    uint32_t nr_io_queues = 0;  ///< 0: as many as processors, at most 4
    uint32_t queue_size = 128;
    bool hdr_digest = false;
    bool data_digest = true;
    int tos = -1;  ///< IPv4's type of service, IPv6's traffic class; -1: the kernel's

    /// I/O queues to ask for.
    [[nodiscard]] uint32_t io_queues() const;
};

struct Timeouts {
    base::milliseconds total{};       ///< the whole boot, with all attempts and pauses
    base::milliseconds probe{};       ///< one probe of one portal
    base::milliseconds connect{};     ///< one connect of the kernel
    base::milliseconds name_space{};  ///< from controller live to namespace and partitions seen
};

/// The reaction of `nvmeroot watch` to a target that returned with less than the policy requires.
enum class OnDowngrade { kLog, kCut, kPanic };

enum class Integrity {
    kOff,
    kReport,
    kWire,      ///< data digests
    kAtRest,    ///< an audit of the target's checksums
    kEndToEnd,  ///< both
};

/// The blocks to verify before the root is connected.
struct AuditPolicy {
    enum class Extent {
        kNone,
        kSuperblocks,  ///< partition tables, and where file systems begin
        kFirst,        ///< the first `count`
        kSample,       ///< `count` at random
        kFull,
    };
    Extent extent = Extent::kNone;
    uint64_t count = 0;
    std::string nqn;  ///< of the audit view; empty: the root's and `:audit`
};

/// The required format of the namespace; an empty field requires nothing.
struct FormatPolicy {
    /// 0: no protection information and no other metadata; 1, 2, 3: that type.
    std::optional<uint8_t> pi_type;
    std::optional<uint8_t> guard_bits;
    std::optional<uint32_t> block_size;
};

/// The target of the root. With target_from_dhcp the plan has an empty one: root_path.h makes it.
struct Target {
    /// Empty until discovery has found it, if no URI names it.
    std::string subsysnqn;
    std::vector<Portal> portals;    ///< in the order to try them in
    std::vector<Portal> discovery;  ///< discovery services, which know more portals
    NamespaceChoice choice;         ///< of the URIs and of the keys together
};

/// The end of the way: what the lease and this machine's names make of the plan's host and target,
/// and what discovery adds. The stages hand it on.
struct Destination {
    HostIdentity host;
    Target target;
    std::string subsystems;  ///< as in the plan
};

struct BootPlan {
    HostIdentity host;
    AuthPlan auth;
    NetworkPlan network;
    Target target;
    std::string subsystems;  ///< of those discovered: a name with * and ?; empty: any
    ConnectOptions connect;
    Timeouts timeouts;
    std::string io_policy;  ///< of the root's subsystem, in the kernel's words; empty: the kernel's
    OnDowngrade on_downgrade = OnDowngrade::kLog;
    bool probe = true;
    bool debug = false;
    Integrity integrity = Integrity::kReport;
    FormatPolicy format;
    AuditPolicy audit;
    std::vector<std::string> extra_modules;
    bool load_modules = true;
    std::string root;  ///< the file system that root= names; the init's to mount
    /// The target comes with the DHCP lease; root_path.h makes it after the lease.
    bool target_from_dhcp = false;
    /// …because of root=dhcp, a word of dracut that does not specify the protocol.
    bool any_protocol = false;
    NamespaceChoice demanded;  ///< the requirements of the keys; the URI may add others
};

}  // namespace boot
