// SPDX-License-Identifier: GPL-2.0-or-later
//
// Words of a configuration file that nvmeroot-nvmet alone understands, because only the kernel's
// target can do what they ask for. nvmeroot-target refuses them by name and says what to write
// instead.
#pragma once

#include <string_view>

namespace exports {

/// @param section  its kind: `subsystem`
/// @param key      empty: the section as a whole
/// @return why it is refused, or nothing when the word is unknown to both programs
std::string_view kernel_word(std::string_view section, std::string_view key);

}  // namespace exports
