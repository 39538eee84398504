// SPDX-License-Identifier: GPL-2.0-or-later
//
// The ports of an ini file: those of `listen` and of [port.NAME], what they serve, and their ANA
// groups and referrals.
#pragma once

#include <string>

#include "nvmet/config_sections.h"
#include "nvmet/object.h"

namespace nvmet {

/// @param path  of the file, for errors
/// @param root  has the hosts and subsystems, gets the ports
/// @return every error, or nothing
exports::Errors add_ports(const ConfigSections& sections, const exports::ExportConfig& config,
                          const std::string& path, Object& root);

}  // namespace nvmet
