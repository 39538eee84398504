// SPDX-License-Identifier: GPL-2.0-or-later
//
// Whether the images of a configuration can be served: each is opened as the server would, and what
// stands in the way is said with what to do about it. Nothing in an image is changed.
#pragma once

#include <vector>

#include "export/export_config.h"
#include "target/doctor.h"

namespace target {

/// @param serving  a server has them open
std::vector<Finding> examine_images(const exports::ExportConfig& config, bool serving);

/// File descriptors that the images take, those of sidecars too.
size_t files_of_images(const exports::ExportConfig& config);

}  // namespace target
