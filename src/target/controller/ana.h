// SPDX-License-Identifier: GPL-2.0-or-later
//
// Asymmetric Namespace Access: which paths to a namespace are good. Namespaces are in groups; each
// group has a state at each portal. Two servers over the same storage show the same subsystem with
// different states, and hosts use the path that is optimized.
//
// Base Specification 2.0: 8.1 "Asymmetric Namespace Access Reporting", 5.16.1.13 "Asymmetric
// Namespace Access log page".
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

#include "nvme/types.h"

namespace target {

class AnaGroups {
  public:
    static constexpr uint32_t kMaxGroup = 32;  ///< groups are 1 to this
    static constexpr uint16_t kEveryPortal = 0;

    /// The states of groups, 1 to kMaxGroup, at portals: by id, or kEveryPortal: where there is
    /// none more special.
    using States = std::map<std::pair<uint32_t, uint16_t>, nvme::AnaState>;

    /// These states and no others are set from now on. @return false: they were before
    bool set(States states);
    /// Every group is `state` at every portal, whatever is set, until the override ends.
    void override_all(nvme::AnaState state);
    void end_override();

    /// Optimized where nothing was set.
    [[nodiscard]] nvme::AnaState state(uint32_t group, uint16_t portal) const;
    /// Success, or why no I/O goes this way now. Another path may do: never with DNR.
    [[nodiscard]] nvme::Status check(uint32_t group, uint16_t portal) const;
    /// Counts changes.
    [[nodiscard]] uint64_t changes() const { return changes_; }

  private:
    States states_;
    std::optional<nvme::AnaState> override_;
    uint64_t changes_ = 0;
};

}  // namespace target
