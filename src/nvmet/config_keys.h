// SPDX-License-Identifier: GPL-2.0-or-later
//
// The words of the ini file, and whose they are: those that nvmeroot-target has too and src/export
// reads, those that say where an object belongs, those of the attribute table (attributes.h), and
// those of nvmeroot-target that the kernel cannot do, with what to do instead.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "nvmet/attributes.h"

namespace nvmet {

/// Of `listen` and `subsystems`: an empty list.
inline constexpr std::string_view kNone = "none";

/// @param kind  of a section: `port` of `[port.one]`
bool is_section(std::string_view kind);
/// The error for an unknown section, or an unknown key: the existing ones, and a suggestion.
std::string no_such_section(std::string_view kind);
std::string no_such_key(std::string_view section, std::string_view key);

/// Read by src/export.
bool is_shared_key(std::string_view section, std::string_view key);
/// Says where an object belongs.
bool is_structure_key(std::string_view section, std::string_view key);
/// @return null when the key is none of the attribute table
const Attribute* find_own_key(std::string_view section, std::string_view key);

/// A key of nvmeroot-target alone.
struct Refusal {
    std::string_view why;
    std::string_view harmless;  ///< a value that the kernel's target has anyway
};
std::optional<Refusal> find_refusal(std::string_view section, std::string_view key);

/// The documentation of a key.
struct KeyDoc {
    std::string_view section;  ///< `target`, `subsystem`, …
    std::string_view name;
    std::string_view form;  ///< what may be written: `yes|no`, `NQN`
    std::string fallback;   ///< the value when it is left out; empty: none, or see help
    std::string_view help;  ///< one sentence
    const Attribute* row;   ///< null: it belongs to no attribute alone
};
/// Every key that counts here, sections together.
std::vector<KeyDoc> key_docs();

}  // namespace nvmet
