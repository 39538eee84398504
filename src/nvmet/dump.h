// SPDX-License-Identifier: GPL-2.0-or-later
//
// A state as an ini file, and its keys as separate files. The name of a section is the last part of
// its NQN.
#pragma once

#include <string>

#include "nvmet/nvmetcli.h"
#include "nvmet/object.h"

namespace nvmet {

/// Writes each key of the state to a file of its own (mode 0600) in `folder`, which is made.
/// Errors: there are keys and `folder` is empty; a file that cannot be written.
base::Result<KeyFiles> save_keys(const Object& state, const std::string& folder);

/// The ini file of a state. It is read back before it is given away.
/// @param source  where the state is from, a file or a directory: what errors begin with
/// @return an error that names what an ini file cannot say, if there is anything
base::Result<std::string> to_ini(const Object& state, const KeyFiles& keys,
                                 const std::string& source);

}  // namespace nvmet
