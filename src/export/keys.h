// SPDX-License-Identifier: GPL-2.0-or-later
//
// The key tables, one for each kind of section: what a key is called, what it takes, what it does.
// A row serves parsing, the help text, the lines of `plan` and of a reload, and the suggestion for a
// misspelt key; a test holds nvmeroot-target.conf(5) against the tables.
//
// To add a key: add its value to the part of ExportConfig that says when it takes effect, a row, and
// its paragraph in the man page. The row of a key checks its value
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

/// A value as a difference shows it; null: something else than the table compares the key.
template <class Part>
using Shown = std::string (*)(const Part& part);

template <class T>
struct Key {
    std::string_view name;
    std::string_view form;
    std::string_view fallback;
    std::string_view help;
    /// Parses and stores one value; the error names neither key nor place, and quotes no secret.
    base::Status (*apply)(const Value& value, T& section);
    typename T::Shown shown{};
};

/// A section as far as its own keys tell.
struct TargetSection : StartValues, LiveValues {
    HostAuth policy;  ///< its hashes and groups are all that any host may use

    /// A key belongs to the start or to a reload: its value's place says so.
    struct Shown {
        constexpr Shown() = default;
        constexpr Shown(exports::Shown<StartValues> function)  // NOLINT: implicit by design
            : at_start(function) {}
        constexpr Shown(exports::Shown<LiveValues> function)  // NOLINT: implicit by design
            : live(function) {}
        constexpr operator exports::Shown<StartValues>() const { return at_start; }  // NOLINT
        constexpr operator exports::Shown<LiveValues>() const { return live; }       // NOLINT

        exports::Shown<StartValues> at_start = nullptr;
        exports::Shown<LiveValues> live = nullptr;
    };
};
struct HostSection {
    using Shown = exports::Shown<HostAuth>;
    Host host;

    HostAuth& auth() { return host; }
};
struct AccessSection {
    using Shown = exports::Shown<HostAuth>;
    Access access;
    std::string host;       ///< name of a section
    std::string subsystem;  ///< name of a section

    HostAuth& auth() { return access; }
};
struct SubsystemSection {
    using Shown = exports::Shown<Subsystem>;
    Subsystem subsystem;
    std::vector<std::string> hosts;  ///< names of sections
};
struct NamespaceSection {
    using Shown = exports::Shown<Namespace>;
    Namespace ns;
    std::string subsystem;           ///< name of a section
    std::vector<std::string> hosts;  ///< names of sections
};
struct AnaSection {
    using Shown = exports::Shown<AnaGroup>;
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
