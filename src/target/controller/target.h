// SPDX-License-Identifier: GPL-2.0-or-later
//
// Everything the queues of one server share: limits, portals, the access policy, subsystems,
// memory. Outlives all queues and all requests that a backend still holds.
//
// The parts that may change while hosts are connected, between two calls into a queue (a reload):
//
//   namespaces   Subsystem::add_namespace, remove_namespace, change_namespace, resize_namespace:
//                hosts that see the change get an event. A removed one keeps its backend until the
//                commands under way are done; an image with a lock can be opened again after that.
//   paths        set_ana_states, drain, end_drain
//   discovery    set_referrals; discovery_changed after changes of portals, subsystems or access
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "target/auth/attempts.h"
#include "target/controller/access.h"
#include "target/controller/ana.h"
#include "target/controller/discovery_view.h"
#include "target/controller/subsystem.h"
#include "target/reactor/labor.h"
#include "target/reactor/lane.h"
#include "target/wire/events.h"
#include "target/wire/session.h"

namespace target {

struct Limits {
    uint16_t io_queues = 128;               ///< I/O queues of one controller
    uint16_t queue_entries = 128;           ///< entries of one queue: CAP.MQES + 1
    uint32_t io_capsule_bytes = 8192;       ///< in-capsule data of an I/O queue; a multiple of 16
    uint32_t max_transfer_bytes = 1 << 20;  ///< MDTS: a power of two, 4 KiB to 16 MiB
    /// MAXH2CDATA, and what one R2T asks for at most: a multiple of 4, 4 KiB to 16 MiB
    uint32_t max_h2c_bytes = 1 << 20;
    uint32_t controllers = 1024;  ///< controllers of one subsystem
    Attempts::Rules attempts{};   ///< what becomes of failed ones
};

/// An address where hosts can reach this target: what the discovery log names.
struct Portal {
    std::string address;  ///< numeric; "0.0.0.0" and "::" stand for the address the host used
    uint16_t port = nvme::kPortSubsystem;
    uint16_t id = 1;         ///< PORTID
    bool discovery = false;  ///< listed as a portal of the discovery controller itself
};

/// Another discovery service that the discovery log points to.
struct Referral {
    std::string address;  ///< numeric
    uint16_t port = nvme::kPortDiscovery;
    uint16_t id = 0;  ///< PORTID
};

/// Whether a portal's address stands for all addresses of the machine.
inline bool is_wildcard(std::string_view address) {
    return address == "0.0.0.0" || address == "::";
}

class Target final : public SessionFactory {
  public:
    /// @param access, events  outlive the target
    Target(Limits limits, const AccessPolicy& access, EventSink& events);
    Target(const Target&) = delete;
    Target& operator=(const Target&) = delete;

    void add_portal(Portal portal);
    /// REQUIRES: no subsystem has this NQN. The discovery subsystem is there from the start.
    Subsystem& add_subsystem(SubsystemConfig config);
    /// Its hosts are disconnected. REQUIRES: it is there, and not the discovery subsystem.
    void remove_subsystem(std::string_view nqn);

    void set_referrals(std::vector<Referral> referrals);
    [[nodiscard]] const std::vector<Referral>& referrals() const { return referrals_; }
    /// To be called after whatever changed the discovery log but the functions here: hosts with a
    /// persistent connection hear of it if their part of the log is another.
    void discovery_changed();
    /// The current discovery log of this host; lives until the next call.
    const DiscoveryView& discovery_view(const std::string& hostnqn);
    [[nodiscard]] const DiscoveryViews& discovery_views() const { return views_; }

    /// The id of the portal where a connection came in; 0: none that was added.
    [[nodiscard]] uint16_t portal_of(const Endpoints& endpoints) const;
    [[nodiscard]] const AnaGroups& ana() const { return ana_; }
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

    /// When the first connection came; before that, the beginning of time.
    [[nodiscard]] base::TimePoint started() const { return started_.value_or(base::TimePoint()); }

    std::unique_ptr<Session> make(SessionOwner& owner, Endpoints endpoints,
                                  base::TimePoint now) override;

    [[nodiscard]] const Limits& limits() const { return limits_; }
    [[nodiscard]] const AccessPolicy& access() const { return access_; }
    [[nodiscard]] EventSink& events() const { return events_; }
    /// The lanes that run queues; at first, the caller's. The first one is control. To be called
    /// before there is a namespace; they outlive the target.
    void use_lanes(std::vector<Lane*> lanes);
    [[nodiscard]] Lane& control() const { return *lanes_.front(); }
    [[nodiscard]] size_t lanes() const { return lanes_.size(); }
    [[nodiscard]] const std::vector<Portal>& portals() const { return portals_; }
    [[nodiscard]] Subsystem* find_subsystem(std::string_view nqn) const;
    [[nodiscard]] const std::vector<std::unique_ptr<Subsystem>>& subsystems() const {
        return subsystems_;
    }

    [[nodiscard]] Attempts& attempts() { return attempts_; }
    /// The worker for authentications; at first, the calling thread.
    void use_labor(Labor& labor) { labor_ = &labor; }
    [[nodiscard]] Labor& labor() const { return *labor_; }

    /// S1 of the next authentication: never 0, never the same twice in a row.
    uint32_t next_authentication();

  private:
    Limits limits_;
    const AccessPolicy& access_;
    EventSink& events_;
    uint32_t authentications_;
    OnlyLane only_lane_;
    std::vector<Lane*> lanes_{&only_lane_};
    Attempts attempts_;
    LaborHere labor_here_;
    Labor* labor_ = &labor_here_;
    void raise_ana_change();

    std::vector<Portal> portals_;
    std::vector<Referral> referrals_;
    AnaGroups ana_;
    DiscoveryViews views_;
    std::optional<base::TimePoint> started_;
    bool draining_ = false;
    std::vector<std::unique_ptr<Subsystem>> subsystems_;
};

}  // namespace target
