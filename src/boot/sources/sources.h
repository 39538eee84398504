// SPDX-License-Identifier: GPL-2.0-or-later
//
// Who says what: the words of the command line and the lines of the ini file, sorted under the rows
// of the key table, the strongest source kept for each. Values are not looked into yet.
//
// Besides nvmeroot.KEY=VALUE the command line has words of its own (kWords in the .cc): those of
// the network, and the spellings of dracut and make-initrd, turned into the keys they mean.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/ini.h"
#include "boot/sources/keys.h"
#include "nvme/nbft.h"

namespace boot {

/// Weakest first. A word of the command line that others read too is weaker than our own.
enum class Source { kDefault, kFile, kNbft, kCredential, kOthersWord, kCommandLine };

/// What the strongest source says about one key; for a list, each of its values.
struct KeyValues {
    Source source = Source::kDefault;
    std::vector<Given> given;
};

/// What the firmware says a connection must prove.
struct SecurityDemand {
    std::string subject;  ///< to begin an error with
    nvme::Nbft::Security profile;
};

struct NetworkWord {
    std::string word;
    std::string value;
    std::string place;  ///< where it stands: `command line`, or a part of the firmware's table
};

/// A word of others that names a target, and of which nothing came.
struct VainWord {
    std::string text;  ///< one sentence
    bool tcp = true;   ///< false: it means another transport, and is no matter of ours
};

struct Sources {
    /// One for each row of keys(), in the same order.
    std::vector<KeyValues> by_key;
    /// nameserver=, rd.route=, BOOTIF= …, in their order.
    std::vector<NetworkWord> network_words;
    /// The word that switches everything off; empty when none does.
    std::string off_word;
    std::string root;  ///< the file system that root= names, for the init
    bool has_secret_in_file = false;
    bool ignore_nbft = false;
    /// How often root= and netroot= leave the target to DHCP.
    size_t dhcp_roots = 0;
    std::vector<SecurityDemand> security;
    /// Where no source names a target: why the firmware's tables name none either. Empty: there are
    /// no tables.
    std::string firmware;
    /// Likewise: what they name, and demand a security of that there is none here.
    std::vector<std::string> refused;
    std::vector<VainWord> vain_words;
    std::vector<std::string> warnings;
    std::vector<std::string> errors;

    KeyValues& of(std::string_view key);
};

/// Adds one value: a stronger source replaces what a weaker one said, and a weaker one says nothing
/// then. One source adds to a list; otherwise its last word counts.
void add_value(const Key& key, Source source, Given given, Sources& sources);

/// Adds the ini file's values. Unknown sections and keys are errors. @param path  for these errors
void add_file(const base::Ini& ini, const std::string& path, Sources& sources);

/// Adds the command line's words. Only those that are ours alone, nvmeroot= and nvmeroot.KEY=, may
/// be errors. A word that others read too is left out with a warning where it is wrong or empty;
/// all other words are somebody else's.
void add_cmdline(std::string_view text, Sources& sources);

/// Sources with a default for each key that has one.
Sources default_sources();

}  // namespace boot
