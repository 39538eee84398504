// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/controller/controller.h"

#include <algorithm>
#include <utility>

namespace target {
namespace {

/// For a host that connected and does not continue, and for a discovery controller without
/// keep-alive: nothing else would ever end those.
constexpr auto kSilenceLimit = base::seconds(120);
/// Of a host that proves nothing and only asks what there is; two of them are the limit above.
constexpr uint32_t kVisitorKeepAliveMs = 60'000;

constexpr uint8_t kSubmissionEntry = 6;  ///< 2^6 bytes
constexpr uint8_t kCompletionEntry = 4;

}  // namespace

Controller::Controller(Environment& environment, const SubsystemConfig& subsystem,
                       const NamespaceTable& namespaces, uint16_t cntlid, ControllerHost host,
                       base::TimePoint now)
    : timestamp{.ms = 0, .since = now, .by_host = false},
      environment_(environment),
      is_discovery_(subsystem.is_discovery()),
      cntlid_(cntlid),
      host_(std::move(host)),
      reserver_{host_.hostid, host_.hostnqn},
      granted_queues_(environment.limits().io_queues),
      queues_(now),
      namespaces_(namespaces, host_.hostnqn) {
    if (is_discovery_) {
        discovery_generation_ = environment_.discovery().view(host_.hostnqn).generation;
    }
}

Controller::~Controller() {
    queues_.close_all("association ended");
}

uint32_t Controller::max_transfer_bytes() const {
    const uint32_t all = environment_.limits().max_transfer_bytes;
    return is_discovery() ? std::min(all, kDiscoveryTransfer) : all;
}

bool Controller::owes_proof() const {
    const AttachedQueue* admin = queues_.find(0);
    return admin != nullptr && !admin->proved();
}

uint32_t Controller::keep_alive_ms() const {
    const AttachedQueue* admin = queues_.find(0);
    const bool bounded = admin != nullptr && admin->is_visitor();
    return bounded ? std::min(kato_ms_, kVisitorKeepAliveMs) : kato_ms_;
}

void Controller::namespace_changed(uint32_t nsid) {
    if (namespaces_.update(nsid)) {
        raise(AsyncEvents::Kind::kNamespaceChanged);
    }
}

void Controller::raise(AsyncEvents::Kind kind) {
    AttachedQueue* admin = queues_.find(0);
    if (ready() && admin != nullptr && async_events_.raise(kind, features.async_events)) {
        admin->deliver_async_events();
    }
}

void Controller::tell_reservation(uint32_t nsid, ReservationNotice what) {
    if (find_namespace(nsid) != nullptr && reservations_.wants(nsid, what)) {
        reservations_.add(nsid, what);
        raise(AsyncEvents::Kind::kReservation);
    }
}

uint64_t Controller::capabilities() const {
    return nvme::Capabilities{.mqes =
                                  static_cast<uint16_t>(environment_.limits().queue_entries - 1)}
        .wire();
}

bool Controller::set_configuration(uint32_t cc) {
    const auto before = nvme::Configuration::from_wire(cc_);
    const auto wanted = nvme::Configuration::from_wire(cc);
    cc_ = cc;
    if (!before.enable && wanted.enable) {
        enable(wanted);
    } else if (before.enable && !wanted.enable) {
        reset();
    }
    // A change of EN begins without a shutdown: one that CC still asks for begins again.
    const bool shutdown =
        wanted.shutdown != 0 && (before.shutdown == 0 || before.enable != wanted.enable);
    if (shutdown) {
        csts_ |= nvme::ControllerStatus::kShutdownBusy;
    } else if (wanted.shutdown == 0) {
        csts_ &= ~nvme::ControllerStatus::kShutdownMask;
    }
    return shutdown;
}

void Controller::shutdown_complete() {
    csts_ =
        (csts_ & ~nvme::ControllerStatus::kShutdownMask) | nvme::ControllerStatus::kShutdownDone;
}

void Controller::enable(const nvme::Configuration& wanted) {
    // A discovery controller has no I/O queues, so hosts may leave the entry sizes at 0 there.
    const bool entries = is_discovery() || (wanted.submission_entry == kSubmissionEntry &&
                                            wanted.completion_entry == kCompletionEntry);
    const bool valid =
        entries && wanted.command_set == 0 && wanted.page_size == 0 && wanted.arbitration == 0;
    csts_ = valid ? nvme::ControllerStatus::kReady : nvme::ControllerStatus::kFatal;
}

void Controller::reset() {
    csts_ = 0;
    features = {};
    async_events_ = {};
    namespaces_.clear_changed();
    reservations_.reset();
    timestamp = {.ms = 0, .since = queues_.last_command(), .by_host = false};
    granted_queues_ = environment_.limits().io_queues;
    queues_.close_io("controller reset");
    if (AttachedQueue* admin = queues_.find(0)) {
        admin->drop_async_events();
    }
}

IoCounters Controller::counters() const {
    IoCounters total = queues_.counters();
    total.media_errors += media_errors_;
    return total;
}

void Controller::log_read(nvme::LogPage page) {
    async_events_.clear(page);
    if (page == nvme::LogPage::kChangedNamespaces) {
        namespaces_.clear_changed();
    }
    if (page == nvme::LogPage::kReservation && reservations_.remove_first()) {
        raise(AsyncEvents::Kind::kReservation);
    }
}

nvme::Status Controller::check_path(const Namespace& ns) const {
    return environment_.ana().check(ns.config().ana_group, host_.portal);
}

void Controller::note_error(uint16_t qid, const nvme::Sqe& sqe, nvme::Status status, uint64_t lba) {
    nvme::ErrorLogEntry entry;
    entry.sqid = qid;
    entry.cid = sqe.cid;
    entry.status = status.wire();
    entry.parameter_location = status.parameter;
    entry.lba = qid == 0 ? 0 : lba;
    entry.nsid = sqe.nsid;
    entry.trtype = nvme::DiscoveryEntry::kTransportTcp;
    errors_.add(entry);
    if (status.type == nvme::status::kUnrecoveredRead.type) {
        ++media_errors_;
    }
    if (status == nvme::status::kInternalError) {
        raise(AsyncEvents::Kind::kTransientError);
    }
}

void Controller::look_at_discovery() {
    if (!is_discovery()) {
        return;
    }
    const uint64_t now = environment_.discovery().view(host_.hostnqn).generation;
    if (std::exchange(discovery_generation_, now) != now) {
        raise(AsyncEvents::Kind::kDiscoveryChanged);
    }
}

bool Controller::is_drained() const {
    return async_events_.is_quiet(AsyncEvents::Kind::kAnaChanged) && queues_.is_idle();
}

std::optional<base::TimePoint> Controller::expiry() const {
    const uint32_t kato_ms = keep_alive_ms();
    if (!ready() || (is_discovery() && kato_ms == 0)) {
        return queues_.last_command() + kSilenceLimit;
    }
    if (kato_ms == 0) {
        return std::nullopt;
    }
    // Any command counts (CTRATT.TBKAS), and a host that sees completions skips its keep-alive, so
    // up to two periods may pass between two commands of a living host.
    return queues_.last_command() + 2 * base::milliseconds(kato_ms);
}

void Controller::expire() {
    csts_ = nvme::ControllerStatus::kFatal;
    queues_.close_io("keep-alive expired");
}

}  // namespace target
