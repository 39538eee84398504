// SPDX-License-Identifier: GPL-2.0-or-later
//
// The key table: every setting of the boot client, once. A row serves the ini file, the kernel
// command line (nvmeroot.KEY=VALUE), `nvmeroot help keys`, `nvmeroot plan` and the suggestion for a
// misspelt key; a test compares nvmeroot.conf(5) with it.
//
// To add a key: add a row and its paragraph in the man page. Key names are unique over all
// sections, since the command line has no sections.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "boot/plan/given.h"
#include "boot/plan/plan.h"

namespace boot {

/// The plan under construction. A value that depends on one key is stored in `plan` at once; values
/// that depend on several keys are kept here for load_plan.
struct Draft {
    BootPlan plan;
    std::optional<Auth> auth;
    Given hostnqn;
    Given hostid;
    Given host_secret_file;
    Given ctrl_secret_file;
    std::vector<Given> uris;
    std::vector<Given> addresses;  ///< in the syntax of ip=
    std::string interface;
    bool verify_given = false;
};

struct Key {
    std::string_view section;
    std::string_view name;
    std::string_view form;      ///< the syntax, for help: `yes|no`, `TIME`
    std::string_view fallback;  ///< the default value; empty: see help
    std::string_view help;      ///< one sentence
    /// Parses and stores one value. @param given  a secret's text is moved out of it; the error
    /// never quotes a secret and does not name the origin.
    base::Status (*apply)(Given& given, Draft& draft);
    bool list = false;    ///< several values are separated by white space or by repeating the key
    bool secret = false;  ///< never shown
};

/// In the order of nvmeroot.conf(5): sections together.
std::span<const Key> keys();

/// `sb`, `first:64`…: extent and count. Errors: an unknown word, a missing number.
base::Result<AuditPolicy> parse_extent(std::string_view text);

/// The names of the keys that are secrets.
std::span<const std::string_view> secret_keys();

/// The keys that other code names. keys.cc does not compile if the table lacks one of them.
enum class KeyId {
    kHostnqn,
    kHostid,
    kAuth,
    kHostSecret,
    kHostSecretFile,
    kCtrlSecret,
    kCtrlSecretFile,
    kIp,
    kCarrierTimeout,
    kDhcpTimeout,
    kUri,
    kVerify,
    kHdrDigest,
    kDataDigest,
};
const Key& key_of(KeyId id);

/// nullptr when there is no such key.
const Key* find_key(std::string_view name);

/// `; did you mean "auth"?` for a misspelt name, or nothing.
std::string suggest_key(std::string_view name);
std::string suggest_section(std::string_view name);

}  // namespace boot
