// SPDX-License-Identifier: GPL-2.0-or-later
//
// `nvmeroot-target genkey`: a new DH-HMAC-CHAP secret, from the kernel's random numbers.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/cli/options.h"
#include "base/result.h"
#include "base/secret.h"
#include "nvme/dhchap.h"

namespace target {

struct GenkeyOptions {
    std::optional<nvme::HashId> hash;  ///< none: the key is used as it is
    uint32_t key_bytes = 0;            ///< 0: the hash's size, or 32
    std::string nqn;                   ///< mixed into the key, as nvme gen-dhchap-key does
    std::string output;                ///< a file to make; empty: standard output
};

std::span<const base::Option<GenkeyOptions>> genkey_option_table();

/// Errors: a length that does not go with the hash, an NQN without a hash, one that is none.
base::Result<base::Secret> generate_key(const GenkeyOptions& options);

/// Writes the secret as one line to the new file, mode 0600, or to standard output.
/// Errors: the file exists.
base::Status write_key(const base::Secret& secret, const std::string& output);

}  // namespace target
