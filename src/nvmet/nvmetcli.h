// SPDX-License-Identifier: GPL-2.0-or-later
//
// The config.json of nvmetcli, read and written as nvmetcli does it: the part of a file's name
// before its first underscore is a group, `addr_traddr` is {"addr": {"traddr": …}}; scalars are
// strings but for a few. nvmetcli forgets keys, so hosts have one group more:
//
//     "hosts": [{"nqn": …, "dhchap": {"key_file": FILE, "ctrl_key_file": FILE,
//     "hash": …}}]
//
// `key` and `ctrl_key` hold the secret itself, which is taken from a file of mode 0600 alone.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "nvmet/config.h"
#include "nvmet/object.h"

namespace nvmet {

bool looks_like_json(std::string_view text);

/// @param path  of the text, for errors, the mode of the file and relative
/// names of key files
base::Result<Wanted, exports::Errors> parse_nvmetcli(std::string_view text,
                                                     const std::string& path);

/// File names by host NQN and attribute file (`dhchap_key`).
using KeyFiles = std::map<std::pair<std::string, std::string>, std::string>;

struct SavedJson {
    std::string text;
    std::vector<std::string> left_out;  ///< what the format has no place for, a sentence each
};
SavedJson to_nvmetcli(const Object& state, const KeyFiles& keys);

}  // namespace nvmet
