// SPDX-License-Identifier: GPL-2.0-or-later
//
// Secrets in files of one line. A file that others could read or replace is refused. No error of
// this file quotes a byte of the text.
#pragma once

#include <string>

#include "base/result.h"
#include "base/secret.h"

namespace base {

/// The text of the file without the white space around it. Errors: no regular file, larger than
/// 4 KiB, owned by someone other than root or this user, any permission for group or others; a
/// secret in place of the path.
Result<Secret> read_secret_file(const std::string& path);

/// The whole of a file that may contain secrets, whatever its permissions. Errors: it cannot be
/// read or is longer than 1 MiB.
Result<Secret> read_wiped(const std::string& path);

/// Only looks at the file: refuses what read_secret_file refuses for its type, owner and mode.
Status check_private(const std::string& path);

}  // namespace base
