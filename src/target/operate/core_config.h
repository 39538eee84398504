// SPDX-License-Identifier: GPL-2.0-or-later
//
// The configuration in the words of the protocol core: each function takes one part over as it is.
#pragma once

#include "export/export_config.h"
#include "target/controller/access.h"
#include "target/controller/subsystem.h"
#include "target/controller/target.h"

namespace target {

Limits core_config(const exports::Limits& limits);
HostTable host_table(const exports::ExportConfig& config);
SubsystemConfig core_config(const exports::Subsystem& subsystem);
NamespaceConfig core_config(const exports::Namespace& ns);

/// File descriptors that the images take, those of sidecars too.
size_t files_of_images(const exports::ExportConfig& config);

}  // namespace target
