// SPDX-License-Identifier: GPL-2.0-or-later
//
// The key tables, one for each kind of section: what a key is called, what it takes, what it does.
// A row serves parsing, the help text, and the suggestion for a misspelt key; a test holds
// nvmeroot-target.conf(5) against the tables.
//
// To add a key: add a row and its paragraph in the man page. The row of a key checks its value
// by itself; assemble.cc checks the rules between keys.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "export/export_config.h"

namespace exports {

/// The value that a row gets.
struct Value {
    std::string_view text;
    const std::string& folder;  ///< where relative file names start; empty: the working directory

    [[nodiscard]] std::string path() const;
};

template <class T>
struct Key {
    std::string_view name;
    std::string_view form;
    std::string_view fallback;
    std::string_view help;
    /// Parses and stores one value; the error names neither key nor place, and quotes no secret.
    base::Status (*apply)(const Value& value, T& section);
};

/// A section as far as its own keys tell.
struct TargetSection {
    Limits limits;
    std::vector<Address> listen;
    std::vector<Address> discovery;
    std::vector<Address> referrals;
    std::string state_dir;
    std::string control;
    std::string metrics;
    std::string audit_log;
    bool discovery_auth = false;
    bool strict = false;
    HostAuth policy;  ///< its hashes and groups are all that any host may use
};
struct HostSection {
    Host host;

    HostAuth& auth() { return host; }
};
struct AccessSection {
    Access access;
    std::string host;       ///< name of a section
    std::string subsystem;  ///< name of a section

    HostAuth& auth() { return access; }
};
struct SubsystemSection {
    Subsystem subsystem;
    std::vector<std::string> hosts;  ///< names of sections
};
struct NamespaceSection {
    Namespace ns;
    std::string subsystem;           ///< name of a section
    std::vector<std::string> hosts;  ///< names of sections
};

struct AnaSection {
    AnaGroup ana;
};

std::span<const Key<TargetSection>> target_keys();
std::span<const Key<HostSection>> host_keys();
std::span<const Key<AccessSection>> access_keys();
std::span<const Key<SubsystemSection>> subsystem_keys();
std::span<const Key<NamespaceSection>> namespace_keys();
std::span<const Key<AnaSection>> ana_keys();

/// Appends `ADDRESS[:PORT],…`; an address that stands there already is an error.
base::Status add_addresses(std::string_view text, uint16_t default_port,
                           std::vector<Address>& into);

}  // namespace exports
