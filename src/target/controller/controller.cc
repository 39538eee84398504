// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/controller/controller.h"

#include <algorithm>
#include <utility>

#include "target/controller/queue.h"
#include "target/controller/subsystem.h"
#include "target/controller/target.h"

namespace target {
namespace {

/// For a host that connected and does not continue, and for a discovery controller without
/// keep-alive: nothing else would ever end those.
constexpr auto kSilenceLimit = base::seconds(120);
/// Of a host that proves nothing and only asks what there is; two of them are the limit above.
constexpr uint32_t kVisitorKeepAliveMs = 60'000;

constexpr size_t kReservationRecords = 255;  ///< what the log can count

constexpr uint8_t kSubmissionEntry = 6;  ///< 2^6 bytes
constexpr uint8_t kCompletionEntry = 4;

}  // namespace

IoCounters& IoCounters::operator+=(const IoCounters& other) {
    read_commands += other.read_commands;
    write_commands += other.write_commands;
    read_bytes += other.read_bytes;
    written_bytes += other.written_bytes;
    digest_errors += other.digest_errors;
    return *this;
}

Controller::Controller(Target& target, Subsystem& subsystem, uint16_t cntlid, ControllerHost host,
                       base::TimePoint now)
    : target_(target),
      subsystem_(subsystem),
      cntlid_(cntlid),
      host_(std::move(host)),
      reserver_{host_.hostid, host_.hostnqn},
      granted_queues_(target.limits().io_queues),
      last_command_(now) {
    timestamp_.since = now;
    namespaces_.resize(target.lanes());
    for (const auto& [nsid, ns] : subsystem.namespaces()) {
        look_at_namespace(nsid);
    }
    if (is_discovery()) {
        discovery_generation_ = target_.discovery_view(host_.hostnqn).generation;
    }
}

Controller::~Controller() {
    disconnect("association ended");
}

void Controller::disconnect(std::string_view reason) {
    for (const auto& [qid, queue] : std::exchange(queues_, {})) {
        remember(*queue);
        queue->controller_lost(reason);
    }
    for (Queue* queue : std::exchange(claimants_, {})) {
        queue->controller_lost(reason);
    }
}

bool Controller::is_discovery() const {
    return subsystem_.is_discovery();
}

uint32_t Controller::max_transfer_bytes() const {
    const uint32_t all = target_.limits().max_transfer_bytes;
    return is_discovery() ? std::min(all, kDiscoveryTransfer) : all;
}

bool Controller::owes_proof() const {
    const Queue* admin = queue(0);
    return admin != nullptr && !admin->proved();
}

uint32_t Controller::keep_alive_ms() const {
    const Queue* admin = queue(0);
    const bool bounded = admin != nullptr && admin->is_visitor();
    return bounded ? std::min(kato_ms_, kVisitorKeepAliveMs) : kato_ms_;
}

void Controller::attach(Queue& queue) {
    if (queue.qid() == 0 || queue.proved()) {
        queues_.emplace(queue.qid(), &queue);
    } else {
        claimants_.insert(&queue);
    }
}

bool Controller::admit(Queue& queue) {
    if (queue.qid() == 0) {
        return true;
    }
    if (!queues_.emplace(queue.qid(), &queue).second) {
        return false;
    }
    claimants_.erase(&queue);
    const auto same_id = [&](const Queue* other) { return other->qid() == queue.qid(); };
    for (auto other = claimants_.begin();
         (other = std::ranges::find_if(other, claimants_.end(), same_id)) != claimants_.end();) {
        (*other)->controller_lost("another queue with this id has authenticated");
        other = claimants_.erase(other);
    }
    return true;
}

const std::shared_ptr<Namespace>& Controller::share_namespace(uint32_t nsid, unsigned lane) const {
    static const std::shared_ptr<Namespace> none;
    const auto& all = namespaces_[lane];
    const auto found = std::ranges::lower_bound(
        all, nsid, {}, [](const std::shared_ptr<Namespace>& ns) { return ns->nsid(); });
    return found == all.end() || (*found)->nsid() != nsid ? none : *found;
}

/// The others stay as they are: a subsystem may have a thousand, and as many controllers.
void Controller::look_at_namespace(uint32_t nsid) {
    const Namespace* ns = subsystem_.find_namespace(nsid);
    const bool visible = ns != nullptr && ns->visible_to(host_.hostnqn);
    for (unsigned lane = 0; lane < target_.lanes(); ++lane) {
        auto& all = namespaces_[lane];
        const auto place = std::ranges::lower_bound(
            all, nsid, {}, [](const std::shared_ptr<Namespace>& known) { return known->nsid(); });
        const bool known = place != all.end() && (*place)->nsid() == nsid;
        if (known && visible) {
            *place = subsystem_.share_namespace(nsid, lane);
        } else if (known) {
            all.erase(place);
        } else if (visible) {
            all.insert(place, subsystem_.share_namespace(nsid, lane));
        }
    }
}

void Controller::namespace_changed(uint32_t nsid) {
    const bool seen_before = find_namespace(nsid) != nullptr;
    look_at_namespace(nsid);
    if (seen_before || find_namespace(nsid) != nullptr) {
        changed_.insert(nsid);
        raise(AsyncEvents::Kind::kNamespaceChanged);
    }
}

void Controller::raise(AsyncEvents::Kind kind) {
    Queue* admin = queue(0);
    if (ready() && admin != nullptr && async_events_.raise(kind, features.async_events)) {
        admin->deliver_async_events();
    }
}

void Controller::abort_commands(uint32_t nsid, const Request& except) {
    for (const auto& [qid, queue] : queues_) {
        if (qid != 0) {
            queue->abort_all(nsid, except);
        }
    }
}

void Controller::tell_reservation(uint32_t nsid, ReservationNotice what) {
    const uint32_t masked = reservation_mask(nsid) >> static_cast<unsigned>(what) & 1U;
    if (find_namespace(nsid) == nullptr || masked != 0) {
        return;
    }
    if (reservation_records_.size() == kReservationRecords) {
        reservation_records_.pop_front();  // LPC tells the host that it missed one
    }
    reservation_records_.push_back({++reservation_count_, nsid, what});
    raise(AsyncEvents::Kind::kReservation);
}

uint64_t Controller::capabilities() const {
    return nvme::Capabilities{.mqes = static_cast<uint16_t>(target_.limits().queue_entries - 1)}
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
    changed_.clear();
    reservation_records_.clear();
    reservation_masks_.clear();
    timestamp_ = {.ms = 0, .since = last_command(), .by_host = false};
    granted_queues_ = target_.limits().io_queues;
    close_io_queues("controller reset");
    if (Queue* admin = queue(0)) {
        admin->drop_async_events();
    }
}

void Controller::close_io_queues(std::string_view reason) {
    for (auto it = queues_.upper_bound(0); it != queues_.end(); it = queues_.erase(it)) {
        remember(*it->second);
        it->second->controller_lost(reason);
    }
    for (Queue* queue : std::exchange(claimants_, {})) {
        queue->controller_lost(reason);
    }
}

Queue* Controller::queue(uint16_t qid) const {
    const auto found = queues_.find(qid);
    return found == queues_.end() ? nullptr : found->second;
}

bool Controller::has_io_queues() const {
    return queues_.upper_bound(0) != queues_.end();
}

void Controller::remember(const Queue& leaving) {
    past_ += leaving.counters();
    last_command_ = std::max(last_command_, leaving.last_command());
}

IoCounters Controller::counters() const {
    IoCounters total = past_;
    for (const auto& [qid, queue] : queues_) {
        total += queue->counters();
    }
    return total;
}

base::TimePoint Controller::last_command() const {
    base::TimePoint last = last_command_;
    for (const auto& [qid, queue] : queues_) {
        last = std::max(last, queue->last_command());
    }
    return last;
}

void Controller::detach(const Queue& queue) {
    const auto found = queues_.find(queue.qid());
    if (found == queues_.end() || found->second != &queue) {
        std::erase_if(claimants_, [&](const Queue* claimant) { return claimant == &queue; });
        return;
    }
    remember(queue);
    queues_.erase(found);
    if (queue.qid() == 0) {
        subsystem_.remove_controller(*this);
    }
}

void Controller::log_read(nvme::LogPage page) {
    async_events_.clear(page);
    if (page == nvme::LogPage::kChangedNamespaces) {
        changed_.clear();
    }
    if (page == nvme::LogPage::kReservation && !reservation_records_.empty()) {
        reservation_records_.pop_front();
        if (!reservation_records_.empty()) {
            raise(AsyncEvents::Kind::kReservation);
        }
    }
}

nvme::Status Controller::check_path(const Namespace& ns) const {
    return target_.ana().check(ns.config().ana_group, host_.portal);
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
        subsystem_.note_media_error();
    }
    if (status == nvme::status::kInternalError) {
        raise(AsyncEvents::Kind::kTransientError);
    }
}

void Controller::look_at_discovery() {
    if (!is_discovery()) {
        return;
    }
    const uint64_t now = target_.discovery_view(host_.hostnqn).generation;
    if (std::exchange(discovery_generation_, now) != now) {
        raise(AsyncEvents::Kind::kDiscoveryChanged);
    }
}

bool Controller::is_drained() const {
    return async_events_.is_quiet(AsyncEvents::Kind::kAnaChanged) &&
           std::all_of(queues_.upper_bound(0), queues_.end(),
                       [](const auto& entry) { return entry.second->is_idle(); });
}

std::optional<base::TimePoint> Controller::expiry() const {
    const uint32_t kato_ms = keep_alive_ms();
    if (!ready() || (is_discovery() && kato_ms == 0)) {
        return last_command() + kSilenceLimit;
    }
    if (kato_ms == 0) {
        return std::nullopt;
    }
    // Any command counts (CTRATT.TBKAS), and a host that sees completions skips its keep-alive, so
    // up to two periods may pass between two commands of a living host.
    return last_command() + 2 * base::milliseconds(kato_ms);
}

void Controller::expire() {
    csts_ = nvme::ControllerStatus::kFatal;
    close_io_queues("keep-alive expired");
}

}  // namespace target
