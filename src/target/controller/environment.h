// SPDX-License-Identifier: GPL-2.0-or-later
//
// The values that the subsystems, controllers and queues of one target share: limits, the access
// policy, the sink of events, the lanes, failed attempts, the states of paths, the discovery log.
#pragma once

#include <cstdint>
#include <vector>

#include "target/auth/attempts.h"
#include "target/controller/access.h"
#include "target/controller/ana.h"
#include "target/controller/discovery.h"
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

class Environment {
  public:
    /// @param access, events  outlive this object
    Environment(const Limits& limits, const AccessPolicy& access, EventSink& events);
    Environment(const Environment&) = delete;
    Environment& operator=(const Environment&) = delete;

    [[nodiscard]] const Limits& limits() const { return limits_; }
    [[nodiscard]] const AccessPolicy& access() const { return access_; }
    [[nodiscard]] EventSink& events() const { return events_; }

    /// The lanes that run queues; at first, the caller's. The first one is control. To be called
    /// before there is a namespace; they outlive this object.
    void use_lanes(std::vector<Lane*> lanes);
    [[nodiscard]] Lane& control() const { return *lanes_.front(); }
    [[nodiscard]] size_t lanes() const { return lanes_.size(); }

    [[nodiscard]] Attempts& attempts() { return attempts_; }
    /// The worker for authentications; at first, the calling thread.
    void use_labor(Labor& labor) { labor_ = &labor; }
    [[nodiscard]] Labor& labor() const { return *labor_; }
    /// S1 of the next authentication: never 0, never the same twice in a row.
    uint32_t next_authentication();

    [[nodiscard]] AnaGroups& ana() { return ana_; }
    [[nodiscard]] const AnaGroups& ana() const { return ana_; }
    [[nodiscard]] Discovery& discovery() { return discovery_; }
    [[nodiscard]] const Discovery& discovery() const { return discovery_; }
    /// The id of the portal where a connection came in; 0: none that was added.
    [[nodiscard]] uint16_t portal_of(const Endpoints& endpoints) const;

  private:
    const Limits limits_;
    const AccessPolicy& access_;
    EventSink& events_;
    uint32_t authentications_;
    OnlyLane only_lane_;
    std::vector<Lane*> lanes_{&only_lane_};
    Attempts attempts_;
    LaborHere labor_here_;
    Labor* labor_ = &labor_here_;
    AnaGroups ana_;
    Discovery discovery_;
};

}  // namespace target
