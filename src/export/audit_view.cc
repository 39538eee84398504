// SPDX-License-Identifier: GPL-2.0-or-later
#include "export/audit_view.h"

#include <algorithm>
#include <array>
#include <utility>

namespace exports {
namespace {

HostAuth copy_of(const HostAuth& auth) {
    const auto copy = [](const std::optional<nvme::DhchapSecret>& secret) {
        return secret ? std::optional(secret->copy()) : std::nullopt;
    };
    HostAuth out;
    out.secret = copy(auth.secret);
    out.ctrl_secret = copy(auth.ctrl_secret);
    out.next_secret = copy(auth.next_secret);
    out.next_ctrl_secret = copy(auth.next_ctrl_secret);
    out.hashes = auth.hashes;
    out.groups = auth.groups;
    return out;
}

/// A UUID that follows from the original's: its node, which is random or somebody's address, is
/// another one.
nvme::NamespaceIds ids_of_view(const nvme::NamespaceIds& ids) {
    constexpr std::array<uint8_t, 6> kNode = {'a', 'u', 'd', 'i', 't', 0x80};
    constexpr size_t kNodeAt = 10;
    nvme::NamespaceIds out;
    out.uuid = ids.uuid;
    for (size_t i = 0; i < kNode.size(); ++i) {
        out.uuid.bytes[kNodeAt + i] ^= std::byte{kNode[i]};
    }
    return out;
}

Namespace view_of(const Namespace& ns, const std::string& nqn) {
    Namespace view;
    view.name = ns.name;
    view.nsid = ns.nsid;
    view.image = ns.image;
    view.unserved = ns.unserved;
    view.ids = ids_of_view(ns.ids);
    view.block_bytes = ns.block_bytes;
    view.block_bytes_given = ns.block_bytes_given;
    view.read_only = true;
    view.protection = Protection::kExposed;
    view.sidecar = ns.sidecar;
    view.hosts = ns.hosts;
    view.ana_group = ns.ana_group;
    view.view_of = nqn;
    return view;
}

Subsystem view_of(Subsystem& subsystem) {
    Subsystem view;
    view.name = subsystem.name;
    view.nqn = audit_nqn(subsystem.nqn);
    view.serial = subsystem.serial;
    view.model = subsystem.model;
    view.allow_any_host = subsystem.allow_any_host;
    view.require_auth = subsystem.require_auth;
    view.cntlid_min = subsystem.cntlid_min;
    view.cntlid_max = subsystem.cntlid_max;
    view.hosts = subsystem.hosts;
    view.view_of = subsystem.nqn;
    for (const Access& access : subsystem.access) {
        view.access.push_back({copy_of(access), access.name, access.hostnqn});
    }
    for (Namespace& ns : subsystem.namespaces) {
        if (ns.protection == Protection::kAtRest) {
            ns.audit_nqn = view.nqn;
            view.namespaces.push_back(view_of(ns, subsystem.nqn));
        }
    }
    return view;
}

}  // namespace

std::string audit_nqn(const std::string& nqn) {
    return nqn + ":audit";
}

Errors add_audit_views(ExportConfig& config) {
    Errors errors;
    std::vector<Subsystem> views;
    for (Subsystem& subsystem : config.subsystems) {
        const bool has_some = std::ranges::any_of(subsystem.namespaces, [](const Namespace& ns) {
            return ns.protection == Protection::kAtRest;
        });
        if (!subsystem.audit || !has_some) {
            continue;
        }
        const std::string nqn = audit_nqn(subsystem.nqn);
        const std::string place = "[subsystem." + subsystem.name + "] audit: ";
        if (!nvme::check_name(nqn)) {
            errors.push_back(place + nqn + " would be too long; set audit=no");
        } else if (std::ranges::find(config.subsystems, nqn, &Subsystem::nqn) !=
                   config.subsystems.end()) {
            errors.push_back(place + nqn + " is already defined; rename it, or set audit=no");
        } else {
            views.push_back(view_of(subsystem));
        }
    }
    std::ranges::move(views, std::back_inserter(config.subsystems));
    return errors;
}

}  // namespace exports
