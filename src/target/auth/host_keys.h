// SPDX-License-Identifier: GPL-2.0-or-later
//
// The keys and algorithms for the authentication of one host.
#pragma once

#include <optional>
#include <vector>

#include "nvme/dhchap.h"

namespace target {

/// The keys and algorithms for the authentication of one host.
struct HostKeys {
    nvme::DhchapSecret host;                       ///< the host proves that it has this
    std::optional<nvme::DhchapSecret> controller;  ///< we prove that we have this, when asked
    std::vector<nvme::HashId> hashes;              ///< allowed
    std::vector<nvme::DhGroup> groups;             ///< allowed
    /// Also valid, while secrets are being replaced. The answer to a host that authenticates with
    /// it uses `next_controller`, or `controller` if that is absent.
    std::optional<nvme::DhchapSecret> next_host{};
    std::optional<nvme::DhchapSecret> next_controller{};
};

}  // namespace target
