// SPDX-License-Identifier: GPL-2.0-or-later
//
// A file that counts wherever it is there, without being named: a secret at its usual name, the
// configuration. The user who created it relies on it: only if lstat(2) finds nothing
// at the name, there is no such file, and anything that it finds must be usable.
#pragma once

#include <string>

#include "base/result.h"

namespace base {

/// Whether the file is there. @return true for a regular file that is not empty, or a link to one;
/// false where nothing has this name. Errors: a link to nothing, a directory or another special
/// file, an empty file; its directory is none, or may not be looked into.
Result<bool> has_default_file(const std::string& path);

/// Whether the directory is there. Errors: a link to nothing, no directory, one that may not be
/// listed.
Result<bool> has_default_directory(const std::string& path);

}  // namespace base
