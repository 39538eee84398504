// SPDX-License-Identifier: GPL-2.0-or-later
//
// DH-HMAC-CHAP secrets from files. A secret is refused here when its file could be read by others
// or its text is not a whole DHHC-1 secret: the kernel prints a malformed one into its log, so it
// must never see it. Nothing in an error of this file quotes a byte of the secret's text.
#pragma once

#include <string>

#include "base/result.h"
#include "base/secret.h"

namespace boot {

/// The text of a secret, its form and its CRC checked; white space around it is taken off.
/// @param text  is wiped.
base::Result<base::Secret> parse_secret(std::string& text);

/// The secret in a file of one line. Errors: no regular file, larger than 4 KiB, owned by someone
/// other than root or this user, readable or writable by group or others, not one DHHC-1 secret.
base::Result<base::Secret> load_secret(const std::string& path);

/// Refuses a file that group or others may read or write, or that a third user owns. The ini file
/// must pass it too as soon as a secret stands in it.
base::Status check_private(const std::string& path);

}  // namespace boot
