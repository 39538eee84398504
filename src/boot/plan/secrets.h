// SPDX-License-Identifier: GPL-2.0-or-later
//
// DH-HMAC-CHAP secrets from files. A secret is refused here if other users could read its file or
// if its text is not a complete DHHC-1 secret. The kernel logs malformed secrets, so it must never
// see one. No error of this file quotes any part of a secret.
#pragma once

#include <string>

#include "base/result.h"
#include "base/secret.h"

namespace boot {

/// The text of a secret, with its form and its CRC checked; white space around it is removed.
/// @param text  is wiped.
base::Result<base::Secret> parse_secret(std::string& text);

/// The secret in a file of one line. Errors: those of base::read_secret_file; not one DHHC-1
/// secret.
base::Result<base::Secret> load_secret(const std::string& path);

}  // namespace boot
