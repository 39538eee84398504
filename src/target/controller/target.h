// SPDX-License-Identifier: GPL-2.0-or-later
//
// Everything the queues of one server share: its environment and its subsystems. Outlives all
// queues and all requests that a backend still holds.
//
// The parts that may change while hosts are connected, between two calls into a queue (a reload):
//
//   namespaces   Subsystem::add_namespace, remove_namespace, change_namespace, resize_namespace:
//                hosts that see the change get an event. A removed one keeps its backend until the
//                commands under way are done; an image with a lock can be opened again after that.
//   paths        set_ana_states, drain, end_drain
//   discovery    set_referrals; discovery_changed after changes of portals, subsystems or access
#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "target/controller/environment.h"
#include "target/controller/subsystem.h"

namespace target {

/// @see Environment for what the parts of it use.
class Target final : public Environment {
  public:
    /// @param access, events  outlive the target
    Target(const Limits& limits, const AccessPolicy& access, EventSink& events);

    void add_portal(Portal portal) { discovery().add_portal(std::move(portal)); }
    /// REQUIRES: no subsystem has this NQN. The discovery subsystem is there from the start.
    Subsystem& add_subsystem(SubsystemConfig config);
    /// Its hosts are disconnected. REQUIRES: it is there, and not the discovery subsystem.
    void remove_subsystem(std::string_view nqn);
    [[nodiscard]] Subsystem* find_subsystem(std::string_view nqn) const;
    [[nodiscard]] const std::vector<std::unique_ptr<Subsystem>>& subsystems() const {
        return subsystems_;
    }

    void set_referrals(std::vector<Referral> referrals);
    /// To be called after whatever changed the discovery log but the functions here: hosts with a
    /// persistent connection hear of it if their part of the log is another.
    void discovery_changed();
    /// As AnaGroups::set. If something changes, connected hosts are notified.
    void set_ana_states(AnaGroups::States states);

    /// Before an orderly stop: every path becomes inaccessible, so that hosts with another path
    /// move their I/O there, new hosts are refused for now, and the discovery log is empty.
    /// @return false: that was done before
    bool drain();
    /// Hosts may use this server again. @return false: they may already
    bool end_drain();
    [[nodiscard]] bool draining() const { return draining_; }
    /// Controllers that still have I/O under way or have not seen that they must move.
    [[nodiscard]] size_t undrained() const;

    /// A connection came; the first one starts the clock.
    void note_connection(base::TimePoint now) { started_ = started_.value_or(now); }
    /// When the first connection came; before that, the beginning of time.
    [[nodiscard]] base::TimePoint started() const { return started_.value_or(base::TimePoint()); }

  private:
    void raise_ana_change();

    std::optional<base::TimePoint> started_;
    bool draining_ = false;
    std::vector<std::unique_ptr<Subsystem>> subsystems_;
};

}  // namespace target
