// SPDX-License-Identifier: GPL-2.0-or-later
//
// A controller: what a host sees of a subsystem through one association. It is born with the
// Connect of an admin queue and dies with that queue. Here are its properties (the registers of a
// PCIe controller), its keep-alive, its feature values and the queues attached to it.
//
//   Connect ─► disabled ── CC.EN=1 ─► ready ── CC.SHN ─► flushed, shut down
//                  ▲                    │ CC.EN=0: I/O queues close
//                  └────────────────────┘   keep-alive expired: CSTS.CFS, all queues close
//
// Base Specification 2.0: 3.1.3 "Controller Properties", 3.9 "Keep Alive".
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "nvme/fabrics.h"
#include "nvme/nqn.h"
#include "nvme/types.h"
#include "target/controller/async_events.h"
#include "target/controller/attached_queues.h"
#include "target/controller/environment.h"
#include "target/controller/error_log.h"
#include "target/controller/namespace_table.h"
#include "target/controller/reservation_log.h"
#include "target/controller/subsystem_config.h"

namespace target {

/// The host that connected.
struct ControllerHost {
    std::string hostnqn;
    nvme::HostId hostid;
    uint16_t portal = 0;  ///< where it came in: Environment::portal_of()
};

/// The values that Set Features changes, in the form that Get Features shows.
struct FeatureValues {
    uint32_t arbitration = 0;
    uint32_t power_state = 0;
    uint32_t temperature_threshold = 0xFFFF;
    uint32_t error_recovery = 0;
    uint32_t volatile_write_cache = 1;
    uint32_t write_atomicity = 0;
    uint32_t async_events = 0;
    std::array<std::byte, 512> host_behavior{};
};

/// The time that a host set, or 0 when the controller was reset.
struct Timestamp {
    uint64_t ms = 0;
    base::TimePoint since;
    bool by_host = false;
};

class Controller {
  public:
    static constexpr uint8_t kAsyncEventLimit = 4;  ///< AERL + 1
    /// What one command of a discovery controller moves at most, in bytes.
    static constexpr uint32_t kDiscoveryTransfer = 64U << 10U;

    /// @param environment, namespaces  outlive this object
    Controller(Environment& environment, const SubsystemConfig& subsystem,
               const NamespaceTable& namespaces, uint16_t cntlid, ControllerHost host,
               base::TimePoint now);
    Controller(const Controller&) = delete;
    Controller& operator=(const Controller&) = delete;
    ~Controller();

    [[nodiscard]] uint16_t cntlid() const { return cntlid_; }
    [[nodiscard]] const ControllerHost& host() const { return host_; }
    /// The same host, as reservations know it.
    [[nodiscard]] const Reserver& reserver() const { return reserver_; }
    [[nodiscard]] bool is_discovery() const { return is_discovery_; }
    /// MDTS in bytes.
    [[nodiscard]] uint32_t max_transfer_bytes() const;
    /// Its host has yet to authenticate, and must.
    [[nodiscard]] bool owes_proof() const;

    // --- namespaces, as far as this host sees them

    [[nodiscard]] const NamespaceView& namespace_view() const { return namespaces_; }
    /// By NSID.
    [[nodiscard]] std::span<const std::shared_ptr<Namespace>> namespaces(unsigned lane = 0) const {
        return namespaces_.all(lane);
    }
    /// Null: it sees none with this NSID.
    [[nodiscard]] const Namespace* find_namespace(uint32_t nsid) const {
        return namespaces_.share(nsid, 0).get();
    }
    /// A namespace was added, was removed, or is another than before.
    void namespace_changed(uint32_t nsid);

    /// Success, or why commands cannot reach this namespace through here (ANA).
    [[nodiscard]] nvme::Status check_path(const Namespace& ns) const;

    // --- errors

    /// A command ended with `status`.
    /// @param lba  where an I/O command failed
    void note_error(uint16_t qid, const nvme::Sqe& sqe, nvme::Status status, uint64_t lba);
    [[nodiscard]] const ErrorLog& errors() const { return errors_; }

    // --- asynchronous events

    /// Notifies the host, if it has enabled such events.
    void raise(AsyncEvents::Kind kind);
    /// The next event to tell, which then counts as told.
    std::optional<nvme::AsyncEvent> take_async_event() { return async_events_.take(); }
    /// The host has read a log page, which clears the events that pointed to it.
    void log_read(nvme::LogPage page);
    /// The discovery log may be another; tells the host if its part of it is.
    void look_at_discovery();
    /// No I/O is under way, and the host has seen the last change of ANA states.
    [[nodiscard]] bool is_drained() const;

    // --- reservations, of hosts that see each other's

    /// A line of the Reservation Notification log, and its event, if the host has enabled
    /// it.
    void tell_reservation(uint32_t nsid, ReservationNotice what);
    [[nodiscard]] ReservationLog& reservations() { return reservations_; }
    [[nodiscard]] const ReservationLog& reservations() const { return reservations_; }

    // --- properties

    [[nodiscard]] uint64_t capabilities() const;
    [[nodiscard]] uint32_t configuration() const { return cc_; }
    [[nodiscard]] uint32_t status() const { return csts_; }
    [[nodiscard]] bool ready() const { return (csts_ & nvme::ControllerStatus::kReady) != 0; }
    /// Executes a write of CC. Takes effect at once but for the shutdown, which is the
    /// caller's to do: flush, then shutdown_complete().
    /// @return true: a shutdown is asked for
    bool set_configuration(uint32_t cc);
    void shutdown_complete();

    // --- queues

    /// The controller goes with its admin queue: the subsystem removes it then.
    [[nodiscard]] AttachedQueues& queues() { return queues_; }
    [[nodiscard]] const AttachedQueues& queues() const { return queues_; }
    [[nodiscard]] uint16_t granted_queues() const { return granted_queues_; }
    void grant_queues(uint16_t count) { granted_queues_ = count; }

    // --- keep-alive

    /// Bounded for a host that proves nothing and only asks what there is.
    [[nodiscard]] uint32_t keep_alive_ms() const;
    void set_keep_alive_ms(uint32_t kato_ms) { kato_ms_ = kato_ms; }
    /// When the host counts as lost if nothing comes; none: it may be silent forever.
    [[nodiscard]] std::optional<base::TimePoint> expiry() const;
    /// The host is lost: CSTS.CFS, and every queue closes.
    void expire();

    /// Of all its queues, also of those that are gone.
    [[nodiscard]] IoCounters counters() const;

    FeatureValues features;
    Timestamp timestamp;

  private:
    void enable(const nvme::Configuration& configuration);
    void reset();

    Environment& environment_;
    const bool is_discovery_;
    const uint16_t cntlid_;
    const ControllerHost host_;
    const Reserver reserver_;
    uint32_t cc_ = 0;
    uint32_t csts_ = 0;
    uint32_t kato_ms_ = 0;
    uint16_t granted_queues_;
    AttachedQueues queues_;
    NamespaceView namespaces_;
    ErrorLog errors_;
    uint64_t media_errors_ = 0;
    uint64_t discovery_generation_ = 0;  ///< as last seen or told
    AsyncEvents async_events_;
    ReservationLog reservations_;
};

}  // namespace target
