// SPDX-License-Identifier: GPL-2.0-or-later
//
// The values of all sources: the words of the command line and the lines of the ini file, sorted
// under the rows of the key table, with the strongest source kept for each key. Values are not
// parsed yet.
//
// Besides nvmeroot.KEY=VALUE, the command line has other words (kWords in the .cc): words for the
// network, and the spellings of dracut and make-initrd, which are converted to the keys that they
// mean.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/ini.h"
#include "boot/sources/keys.h"
#include "nvme/nbft.h"

namespace boot {

/// Weakest first. A word of the command line that other programs read too is weaker than a word of
/// nvmeroot.
enum class Source { kDefault, kFile, kNbft, kCredential, kOthersWord, kCommandLine };

/// The value of one key from the strongest source; for a list, each of its values.
struct KeyValues {
    Source source = Source::kDefault;
    std::vector<Given> given;
};

/// The authentication that the firmware requires for a connection.
struct SecurityDemand {
    std::string subject;  ///< the beginning of an error
    nvme::Nbft::Security profile;
};

struct NetworkWord {
    std::string word;
    std::string value;
    std::string place;  ///< its place: `command line`, or a part of the firmware's table
};

/// A word of another program that names a target, but is unusable.
struct VainWord {
    std::string text;  ///< one sentence
    bool tcp = true;   ///< false: it names another transport, and nvmeroot ignores it
};

struct Sources {
    /// One for each row of keys(), in the same order.
    std::vector<KeyValues> by_key;
    /// nameserver=, rd.route=, BOOTIF= …, in their order.
    std::vector<NetworkWord> network_words;
    /// The word that disables nvmeroot; empty if there is none.
    std::string off_word;
    std::string root;  ///< the file system that root= names, for the init
    bool has_secret_in_file = false;
    bool ignore_nbft = false;
    /// How often root= and netroot= leave the target to DHCP.
    size_t dhcp_roots = 0;
    std::vector<SecurityDemand> security;
    /// If no source names a target: why the firmware's tables name none either. Empty: there are no
    /// tables.
    std::string firmware;
    /// Likewise: the entries whose required security is not available.
    std::vector<std::string> refused;
    std::vector<VainWord> vain_words;
    std::vector<std::string> warnings;
    std::vector<std::string> errors;

    KeyValues& of(const Key& key);
    KeyValues& of(KeyId key) { return of(key_of(key)); }
};

/// Adds one value. A stronger source replaces the values of a weaker one, whose values are ignored
/// afterwards. The values of one source form a list; for other keys, the last value counts.
void add_value(const Key& key, Source source, Given given, Sources& sources);

/// Adds the ini file's values. Unknown sections and keys are errors. @param path  for these errors
void add_file(const base::Ini& ini, const std::string& path, Sources& sources);

/// Adds the command line's words. Only the words of nvmeroot itself, nvmeroot= and nvmeroot.KEY=,
/// can be errors. A word that other programs read too is ignored with a warning if it is wrong or
/// empty. All other words are ignored.
void add_cmdline(std::string_view text, Sources& sources);

/// Sources with a default for each key that has one.
Sources default_sources();

}  // namespace boot
