// SPDX-License-Identifier: GPL-2.0-or-later
//
// Values of a configuration as the lines of a difference show them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "export/export_config.h"

namespace exports {

std::string shown(const std::string& text);  ///< an empty one as `none`
std::string shown(bool value);
std::string shown(Protection protection);
std::string shown(uint64_t number);
std::string shown(uint32_t number);
std::string shown(const std::vector<Address>& addresses);
std::string shown(const std::vector<nvme::HashId>& hashes);
std::string shown(const std::vector<nvme::DhGroup>& groups);

}  // namespace exports
