// SPDX-License-Identifier: GPL-2.0-or-later
//
// Whether this machine can serve a configuration: limits, addresses, kernel, clock, files. Changes
// nothing; each finding says what to do about it.
#pragma once

#include <vector>

#include "base/sys_paths.h"
#include "export/export_config.h"
#include "target/cli/finding.h"

namespace target {

/// Descriptors that the unit's LimitNOFILE gives the server.
constexpr uint64_t kFilesOfUnit = 65536;

/// @param serving  a server with this configuration runs: its addresses are in use, and should be
std::vector<Finding> examine(const exports::ExportConfig& config, const base::SysPaths& paths,
                             bool serving);

}  // namespace target
