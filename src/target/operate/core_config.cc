// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/operate/core_config.h"

#include <algorithm>

namespace target {
namespace {

std::optional<nvme::DhchapSecret> copy(const std::optional<nvme::DhchapSecret>& secret) {
    return secret ? std::optional(secret->copy()) : std::nullopt;
}

/// @return null: the host need not authenticate
std::shared_ptr<const HostKeys> keys_of(const exports::HostAuth& auth) {
    if (!auth.secret) {
        return nullptr;
    }
    return std::make_shared<const HostKeys>(
        HostKeys{auth.secret->copy(), copy(auth.ctrl_secret), auth.hashes, auth.groups,
                 copy(auth.next_secret), copy(auth.next_ctrl_secret)});
}

}  // namespace

Limits core_config(const exports::Limits& limits) {
    Limits result;
    result.io_queues = limits.io_queues;
    result.queue_entries = limits.queue_entries;
    result.max_transfer_bytes = limits.max_transfer_bytes;
    result.max_h2c_bytes = limits.max_h2c_bytes;
    result.io_capsule_bytes = limits.io_capsule_bytes;
    result.attempts = Attempts::kStrict;
    result.controllers = std::max(result.controllers, limits.max_connections);
    return result;
}

HostTable host_table(const exports::ExportConfig& config) {
    HostTable table;
    table.require_proof_for_discovery(config.discovery_auth);
    for (const exports::Host& host : config.hosts) {
        table.add(host.nqn, keys_of(host));
    }
    for (const exports::Subsystem& subsystem : config.subsystems) {
        for (const exports::Access& access : subsystem.access) {
            table.add(access.hostnqn, subsystem.nqn, keys_of(access));
        }
    }
    return table;
}

SubsystemConfig core_config(const exports::Subsystem& subsystem) {
    SubsystemConfig core;
    core.nqn = subsystem.nqn;
    core.serial = subsystem.serial;
    core.model = subsystem.model;
    core.allow_any_host = subsystem.allow_any_host;
    core.hosts = {subsystem.hosts.begin(), subsystem.hosts.end()};
    core.require_keys = subsystem.require_auth;
    core.listed = subsystem.view_of.empty();
    core.cntlid_min = subsystem.cntlid_min;
    core.cntlid_max = subsystem.cntlid_max;
    return core;
}

NamespaceConfig core_config(const exports::Namespace& ns) {
    return {.nsid = ns.nsid,
            .ids = ns.ids,
            .block_bytes = ns.block_bytes,
            .read_only = ns.read_only,
            .protection_type = ns.pi_type,
            .exposed = ns.protection == exports::Protection::kExposed,
            .audit_nqn = ns.audit_nqn,
            .hosts = ns.hosts,
            .ana_group = ns.ana_group};
}

size_t files_of_images(const exports::ExportConfig& config) {
    const size_t reactors = config.limits.reactors != 0
                                ? config.limits.reactors
                                : static_cast<size_t>(std::max(1L, sysconf(_SC_NPROCESSORS_ONLN)));
    const size_t of_plain = reactors == 1 ? 1 : reactors + 1;
    constexpr size_t kOfProtected = 2;
    size_t files = 0;
    for (const exports::Subsystem& subsystem : config.subsystems) {
        for (const exports::Namespace& ns : subsystem.namespaces) {
            files += !ns.view_of.empty()                           ? 0
                     : ns.protection == exports::Protection::kNone ? of_plain
                                                                   : kOfProtected;
        }
    }
    return files;
}

}  // namespace target
