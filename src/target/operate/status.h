// SPDX-License-Identifier: GPL-2.0-or-later
//
// The status of a running target, for people, programs and Prometheus: who is connected, from
// where, since when, authenticated how, and what was read and written.
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "target/controller/controller.h"
#include "target/controller/target.h"
#include "target/operate/event_log.h"
#include "target/protection/integrity.h"

namespace target {

struct ControllerStatus {
    std::string subnqn;
    uint16_t cntlid = 0;
    std::string hostnqn;
    std::string hostid;
    std::string peer;   ///< of the admin queue
    int64_t since = 0;  ///< seconds since 1970
    size_t io_queues = 0;
    bool data_digest = false;
    std::optional<Agreement> proof;  ///< none: the host did not authenticate
    bool known = false;              ///< it has authenticated, or the configuration names it
    IoCounters io;
};

struct NamespaceStatus {
    std::string subnqn;
    uint32_t nsid = 0;
    std::string uuid;
    uint64_t bytes = 0;
    bool read_only = false;
    std::optional<nvme::PiFormat> protection;  ///< none: the store has no protection information
    IntegrityCounters integrity;
};

/// An image with which something is wrong.
struct ImageStatus {
    std::string subnqn;
    uint32_t nsid = 0;
    std::string image;
    bool served = false;
    std::string problem;
};

struct TargetStatus {
    int64_t started = 0;  ///< seconds since 1970
    size_t connections = 0;
    size_t max_connections = 0;
    size_t strangers = 0;            ///< of those, not admitted yet
    size_t guests = 0;               ///< of those, admitted without authentication
    size_t visitors = 0;             ///< of those, at the discovery service
    size_t kept = 0;                 ///< connections that guests cannot have
    size_t waiting = 0;              ///< accepted, and not among the connections yet
    std::vector<size_t> reactors{};  ///< connections of each; empty: there is one reactor
    uint64_t reloads = 0;
    uint64_t failed_reloads = 0;
    bool draining = false;
    size_t undrained = 0;  ///< hosts that have yet to move, while draining
    EventCounts events{};
    std::vector<ControllerStatus> controllers;
    std::vector<NamespaceStatus> namespaces;
    std::vector<ImageStatus> images{};
};

/// The status of the protocol core; the caller fills in the rest.
/// @param now, wall  one moment, by the clock of the core and since 1970
TargetStatus look_at(const Target& target, base::TimePoint now, base::milliseconds wall);

/// A table; bytes of strangers are quoted.
std::string to_text(const TargetStatus& status);
std::string to_json(const TargetStatus& status);
/// The text format of Prometheus, version 0.0.4.
std::string to_metrics(const TargetStatus& status);

}  // namespace target
