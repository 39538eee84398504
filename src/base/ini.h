// SPDX-License-Identifier: GPL-2.0-or-later
//
// Ini files, and the only user of iniparser. iniparser lower-cases section and key names, joins
// them with ':' and keeps the last of two equal keys; on top of that this file refuses what
// iniparser lets pass (equal keys, a key outside any section, a colon in a name) and knows each
// key's line. A secret never reaches iniparser, whose memory nobody wipes: the keys that hold one
// are named by the caller, and iniparser sees a text in which their values are blanked.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/secret.h"

namespace base {

class Ini {
  public:
    struct Entry {
        std::string section;  ///< lower case, never empty
        std::string key;      ///< lower case
        std::string value;    ///< quotes and comments removed; empty for a secret
        int line = 0;         ///< 1 is the first
        Secret secret{};      ///< the value of a key that was named as one
    };

    /// Errors: the file cannot be read or is longer than 1 MiB, a line is not ini syntax, two equal
    /// keys in one section, a secret that is not one word; all such lines are named.
    /// @param secrets  keys, in any section, whose values are secrets
    static Result<Ini> load(const std::string& path,
                            std::span<const std::string_view> secrets = {});
    /// As load. @param name  stands for the path in errors.
    static Result<Ini> parse(std::string_view text, const std::string& name,
                             std::span<const std::string_view> secrets = {});
    /// As parse, but continues after an error: each error is a sentence in `problems`, and the
    /// wrong lines are omitted.
    static Ini parse_leniently(std::string_view text, const std::string& name,
                               std::vector<std::string>& problems,
                               std::span<const std::string_view> secrets = {});

    /// In the order of the file.
    [[nodiscard]] const std::vector<Entry>& entries() const { return entries_; }
    /// Section names in the order of the file, empty sections too.
    [[nodiscard]] const std::vector<std::string>& sections() const { return sections_; }
    [[nodiscard]] const Entry* find(std::string_view section, std::string_view key) const;
    /// `path:line: [section] key`, to begin an error with.
    [[nodiscard]] std::string where(const Entry& entry) const;

  private:
    std::string path_;
    std::vector<Entry> entries_;
    std::vector<std::string> sections_;
};

}  // namespace base
