// SPDX-License-Identifier: GPL-2.0-or-later
//
// Secrets of NVMe in a text that is about to be shown.
#pragma once

#include <string>
#include <string_view>

namespace base {

/// Whether the text has a secret of NVMe in it, such as DHHC-1:00:…, as where somebody gave one in
/// place of the name of its file.
bool holds_secret(std::string_view text);
/// The text with what stands behind the prefix of each secret left out.
std::string without_secrets(std::string_view text);

}  // namespace base
