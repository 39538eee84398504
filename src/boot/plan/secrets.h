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

/// The secret in a file of one line. Errors: those of base::read_secret_file; not one DHHC-1
/// secret.
base::Result<base::Secret> load_secret(const std::string& path);

}  // namespace boot
