// SPDX-License-Identifier: GPL-2.0-or-later
//
// Audit views: a second subsystem, `NQN:audit`, for each subsystem with protected namespaces. It
// has them under the same numbers, read-only, each block with its tuple behind it, for the same
// hosts with the same keys. A host that connects there reads data and tuples through passthrough,
// which carries them where the disk itself has 0 bytes, and recomputes the checksums: it need
// not believe the target.
//
// Their identifiers are others, and no discovery log lists them, so that nobody takes the view for
// the disk.
#pragma once

#include <string>

#include "export/export_config.h"

namespace exports {

/// The subsystem with the view of the subsystem `nqn`.
std::string audit_nqn(const std::string& nqn);

/// Adds the views behind the subsystems of a complete configuration.
/// @return every error: a name that is too long or taken
Errors add_audit_views(ExportConfig& config);

}  // namespace exports
