// SPDX-License-Identifier: GPL-2.0-or-later
//
// Words of the command line that look like a description of the network and have no effect: words
// of installers, boot loaders and other initramfs generators, and misspelt words of nvmeroot.
#pragma once

#include <string>
#include <string_view>

namespace boot {

/// The right spelling for the likely meaning of `word`; empty for all other words.
/// REQUIRES: the word has no effect
std::string network_hint(std::string_view word);

}  // namespace boot
