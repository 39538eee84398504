// SPDX-License-Identifier: GPL-2.0-or-later
//
// The configuration of one subsystem, for the units that judge or show it.
#pragma once

#include <cstdint>
#include <set>
#include <string>

#include "nvme/fabrics.h"
#include "nvme/nqn.h"

namespace target {

struct SubsystemConfig {
    std::string nqn;
    std::string serial;              ///< at most 20 characters; stays the same across restarts
    std::string model = "nvmeroot";  ///< at most 40 characters
    bool allow_any_host = false;
    std::set<std::string, std::less<>> hosts;  ///< NQNs admitted
    bool listed = true;                        ///< in the discovery log
    bool require_keys = false;  ///< a host without keys is refused although it is named
    uint16_t cntlid_min = 1;
    uint16_t cntlid_max = nvme::kCntlidMax;

    [[nodiscard]] bool is_discovery() const { return nqn == nvme::kDiscoveryNqn; }
};

}  // namespace target
