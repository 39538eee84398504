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

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "nvme/fabrics.h"
#include "nvme/nqn.h"
#include "nvme/types.h"
#include "target/controller/async_events.h"
#include "target/controller/error_log.h"
#include "target/controller/reservations.h"

namespace target {

class Namespace;
class Queue;
class Request;
class Subsystem;
class Target;

/// The host that connected.
struct ControllerHost {
    std::string hostnqn;
    nvme::HostId hostid;
    uint16_t portal = 0;  ///< where it came in: Target::portal_of()
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

/// Totals for the SMART log.
struct IoCounters {
    uint64_t read_commands = 0;
    uint64_t write_commands = 0;
    uint64_t read_bytes = 0;
    uint64_t written_bytes = 0;
    uint64_t digest_errors = 0;  ///< data that came with another digest than it has

    IoCounters& operator+=(const IoCounters& other);
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

    Controller(Target& target, Subsystem& subsystem, uint16_t cntlid, ControllerHost host,
               base::TimePoint now);
    Controller(const Controller&) = delete;
    Controller& operator=(const Controller&) = delete;
    ~Controller();

    [[nodiscard]] uint16_t cntlid() const { return cntlid_; }
    [[nodiscard]] const ControllerHost& host() const { return host_; }
    /// The same host, as reservations know it.
    [[nodiscard]] const Reserver& reserver() const { return reserver_; }
    [[nodiscard]] Subsystem& subsystem() const { return subsystem_; }
    [[nodiscard]] bool is_discovery() const;
    /// MDTS in bytes.
    [[nodiscard]] uint32_t max_transfer_bytes() const;
    /// Its host has yet to authenticate, and must.
    [[nodiscard]] bool owes_proof() const;

    // --- namespaces, as far as this host sees them

    /// Null: it sees none with this NSID.
    /// @param lane  whose thread asks, and lets go of it
    [[nodiscard]] const std::shared_ptr<Namespace>& share_namespace(uint32_t nsid,
                                                                    unsigned lane = 0) const;
    [[nodiscard]] const Namespace* find_namespace(uint32_t nsid) const {
        return share_namespace(nsid).get();
    }
    /// By NSID.
    [[nodiscard]] std::span<const std::shared_ptr<Namespace>> namespaces(unsigned lane = 0) const {
        return namespaces_[lane];
    }
    /// A namespace came, went, or is another than before.
    void namespace_changed(uint32_t nsid);
    /// NSIDs that changed since the host read the list.
    [[nodiscard]] const std::set<uint32_t>& changed_namespaces() const { return changed_; }

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

    /// Ends all I/O commands of this host on a namespace but `except`.
    void abort_commands(uint32_t nsid, const Request& except);
    /// A line of the Reservation Notification log, and its event, if the host has enabled
    /// it.
    void tell_reservation(uint32_t nsid, ReservationNotice what);
    /// Bit n: notices of that number about the namespace are not wanted.
    [[nodiscard]] uint32_t reservation_mask(uint32_t nsid) const {
        const auto found = reservation_masks_.find(nsid);
        return found == reservation_masks_.end() ? 0 : found->second;
    }
    void set_reservation_mask(uint32_t nsid, uint32_t mask) { reservation_masks_[nsid] = mask; }
    struct ReservationRecord {
        uint64_t count = 0;  ///< lines so far
        uint32_t nsid = 0;
        ReservationNotice what{};
    };
    /// Oldest first; the log shows the first one, and reading it removes it.
    [[nodiscard]] const std::deque<ReservationRecord>& reservation_records() const {
        return reservation_records_;
    }

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

    /// @return null: no queue has this id
    [[nodiscard]] Queue* queue(uint16_t qid) const;
    [[nodiscard]] uint16_t granted_queues() const { return granted_queues_; }
    void grant_queues(uint16_t count) { granted_queues_ = count; }
    [[nodiscard]] bool has_io_queues() const;
    [[nodiscard]] size_t queue_count() const { return queues_.size(); }
    /// A queue is connected. An I/O queue that still has to authenticate owns no id and is not a
    /// sign of life: anyone may claim to be the host.
    void attach(Queue& queue);
    /// An attached queue has authenticated and owns its id now; others that only claimed that id
    /// close. @return false: another queue owns it
    bool admit(Queue& queue);
    /// Every queue closes.
    void disconnect(std::string_view reason);
    /// A queue is gone. The controller goes with its admin queue: not used afterwards then.
    void detach(const Queue& queue);

    // --- keep-alive

    /// Bounded for a host that proves nothing and only asks what there is.
    [[nodiscard]] uint32_t keep_alive_ms() const;
    void set_keep_alive_ms(uint32_t kato_ms) { kato_ms_ = kato_ms; }
    /// When the host counts as lost if nothing comes; none: it may be silent forever.
    [[nodiscard]] std::optional<base::TimePoint> expiry() const;
    /// The host is lost: CSTS.CFS, and every queue closes.
    void expire();

    [[nodiscard]] const Timestamp& timestamp() const { return timestamp_; }
    void set_timestamp(const Timestamp& timestamp) { timestamp_ = timestamp; }

    /// Of all its queues, also of those that are gone.
    [[nodiscard]] IoCounters counters() const;

    FeatureValues features;

  private:
    void enable(const nvme::Configuration& configuration);
    void reset();
    void close_io_queues(std::string_view reason);
    void remember(const Queue& leaving);
    [[nodiscard]] base::TimePoint last_command() const;
    void look_at_namespace(uint32_t nsid);

    Target& target_;
    Subsystem& subsystem_;
    uint16_t cntlid_;
    ControllerHost host_;
    Reserver reserver_;
    uint32_t cc_ = 0;
    uint32_t csts_ = 0;
    uint32_t kato_ms_ = 0;
    uint16_t granted_queues_;
    base::TimePoint last_command_;  ///< on queues that are gone
    IoCounters past_;               ///< likewise
    std::map<uint16_t, Queue*> queues_;
    std::set<Queue*> claimants_;  ///< I/O queues that still have to authenticate
    /// By lane: shared with the subsystem, but among no lanes.
    std::vector<std::vector<std::shared_ptr<Namespace>>> namespaces_;
    std::set<uint32_t> changed_;
    ErrorLog errors_;
    Timestamp timestamp_;
    uint64_t discovery_generation_ = 0;  ///< as last seen or told
    AsyncEvents async_events_;
    std::deque<ReservationRecord> reservation_records_;
    uint64_t reservation_count_ = 0;
    std::map<uint32_t, uint32_t> reservation_masks_;  ///< by NSID
};

}  // namespace target
