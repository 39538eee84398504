// SPDX-License-Identifier: GPL-2.0-or-later
//
// The differences between two configurations, as lines to read: what `plan` prints, and what a
// reload says that it did. Hosts and subsystems are the same thing when their NQNs are, namespaces
// when their subsystem and NSID are: names of sections mean nothing outside the file.
#pragma once

#include <string>
#include <vector>

#include "export/export_config.h"

namespace exports {

struct Change {
    enum class Kind {
        kAdded,
        kRemoved,
        kChanged,
        kLater,  ///< takes no effect yet; its text gives the condition
    };
    Kind kind;
    std::string text;  ///< one sentence; of a secret it says no more than that it is another one

    /// The text behind `+`, `-`, `~` or `!`.
    [[nodiscard]] std::string line() const;
    bool operator==(const Change&) const = default;
};

std::vector<Change> diff(const ExportConfig& before, const ExportConfig& after);

/// Whether the store of a namespace has to be reopened for the change from one to the other.
bool needs_another_store(const Namespace& before, const Namespace& after);

/// A device whose name is gone tells its block size no more: `next` gets the one that runs.
void keep_block_sizes(const ExportConfig& running, ExportConfig& next);

}  // namespace exports
