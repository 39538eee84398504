// SPDX-License-Identifier: GPL-2.0-or-later
//
// Words of the command line that look as if they described the network, and count for nothing:
// those of installers, boot loaders and other initramfs generators, and misspelt ones of our own.
#pragma once

#include <string>
#include <string_view>

namespace boot {

/// How to write what `word` seems to mean; empty for all other words.
/// REQUIRES: the word is none that counts
std::string network_hint(std::string_view word);

}  // namespace boot
