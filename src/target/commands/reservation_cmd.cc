// SPDX-License-Identifier: GPL-2.0-or-later
//
// Base Specification 2.0: 7.2 "Reservation Acquire command" to 7.5 "Reservation Report command".
#include "target/commands/reservation_cmd.h"

#include <algorithm>

#include "target/commands/io_steps.h"
#include "target/controller/subsystem.h"

namespace target {

namespace status = nvme::status;

namespace {

constexpr uint32_t kActionMask = 7;             // CDW10
constexpr uint32_t kIgnoreExisting = 1U << 3U;  // IEKEY

// The data of a command.
constexpr uint32_t kOneKey = 8;
constexpr uint32_t kTwoKeys = 16;

uint32_t action(const Request& request) {
    return request.sqe.cdw10 & kActionMask;
}

ReservationType reservation_type(const Request& request) {
    return static_cast<ReservationType>(request.sqe.cdw10 >> 8U);
}

bool is_type(const Request& request) {
    const auto type = static_cast<uint8_t>(request.sqe.cdw10 >> 8U);
    return type >= static_cast<uint8_t>(ReservationType::kWriteExclusive) &&
           type <= static_cast<uint8_t>(ReservationType::kExclusiveAccessAll);
}

const Reserver& host_of(const Request& request) {
    return request.queue->controller()->reserver();
}

uint64_t key_at(const Request& request, size_t offset) {
    return *base::Reader(request.payload().subspan(offset)).take<nvme::le64>();
}

/// CPTPL: whether the reservations are to survive a loss of power from now on.
enum class Persistence : uint8_t { kUnchanged = 0, kReserved = 1, kForget = 2, kPersist = 3 };
Persistence persistence(const Request& request) {
    return static_cast<Persistence>(request.sqe.cdw10 >> 30U);
}

/// The common requirements of all of them: a namespace, and a host that can be told from others.
nvme::Status check_parties(const Request& request) {
    if (namespace_of(request) == nullptr) {
        return status::kInvalidNamespace.dnr().at(1);
    }
    return host_of(request).id.is_zero() ? status::kHostIdNotInitialized.dnr() : status::kSuccess;
}

/// The parties, and what CDW10 must be: the action at most `last_action`, no bit of `reserved`, and
/// where the action needs it a type of reservation.
nvme::Status check(const Request& request, uint32_t last_action, uint32_t reserved,
                   bool needs_type) {
    if (const nvme::Status verdict = check_parties(request); !verdict.ok()) {
        return verdict;
    }
    if (action(request) > last_action) {
        return status::kInvalidField.dnr().at(10);
    }
    if ((request.sqe.cdw10 & reserved) != 0) {
        return status::kInvalidField.dnr().at(10, 3);
    }
    return needs_type && !is_type(request) ? status::kInvalidField.dnr().at(10, 8)
                                           : status::kSuccess;
}

/// All controllers of a host that see the namespace.
template <class Do>
void for_each_controller(const Request& request, const Reserver& host, Do act) {
    for (Controller* controller : request.queue->subsystem().controllers_of(host.id)) {
        if (controller->reserver().is(host)) {
            act(*controller);
        }
    }
}

void notify(const Request& request, const ReservationOutcome& outcome) {
    for (const ReservationOutcome::Notice& notice : outcome.notices) {
        for_each_controller(request, notice.host, [&](Controller& controller) {
            controller.tell_reservation(request.sqe.nsid, notice.what);
        });
    }
}

void answer(Request& request, const ReservationOutcome& outcome) {
    notify(request, outcome);
    complete(request, outcome.status);
}

/// Makes a change when no other one is being saved, and answers when it is saved itself.
template <ReservationOutcome (*make)(const Request&),
          void (*tell)(Request&, const ReservationOutcome&)>
void change(Request& request) {
    const Reservations& reservations = request.ns->reservations();
    if (reservations.is_saving()) {
        wait_for_reservations(request, false, [](Request& waited, IoError) {
            if (may_go_on(waited)) {
                change<make, tell>(waited);
            }
        });
        return;
    }
    const ReservationOutcome outcome = make(request);
    if (!reservations.is_saving()) {
        tell(request, outcome);
        return;
    }
    wait_for_reservations(request, true, [](Request& saved, IoError) {
        tell(saved, ReservationOutcome(saved.ns->reservations().outcome()));
    });
}

/// Ends what the preempted hosts have under way, and answers when no write of theirs can come any
/// more: those that a backend has are waited for.
void abort_removed(Request& request, const ReservationOutcome& outcome) {
    const bool aborts =
        action(request) == static_cast<uint32_t>(Reservations::AcquireAction::kPreemptAndAbort);
    if (!aborts || !outcome.status.ok()) {
        answer(request, outcome);
        return;
    }
    notify(request, outcome);
    for (const Reserver& host : outcome.removed) {
        for_each_controller(request, host, [&](Controller& controller) {
            controller.queues().abort_commands(request.sqe.nsid, request);
        });
    }
    wait_for_all(request, [](Request& done) { complete(done, status::kSuccess); });
}

ReservationOutcome register_host(const Request& request) {
    Reservations::Registration wanted;
    wanted.action = static_cast<Reservations::RegisterAction>(action(request));
    wanted.ignore_existing = (request.sqe.cdw10 & kIgnoreExisting) != 0;
    if (persistence(request) != Persistence::kUnchanged) {
        wanted.persist = persistence(request) == Persistence::kPersist;
    }
    wanted.current_key = key_at(request, 0);
    wanted.new_key = key_at(request, 8);
    return request.ns->reservations().register_host(host_of(request), wanted);
}

ReservationOutcome acquire(const Request& request) {
    return request.ns->reservations().acquire(
        host_of(request), {.action = static_cast<Reservations::AcquireAction>(action(request)),
                           .type = reservation_type(request),
                           .current_key = key_at(request, 0),
                           .preempted_key = key_at(request, 8)});
}

ReservationOutcome release(const Request& request) {
    return request.ns->reservations().release(
        host_of(request), static_cast<Reservations::ReleaseAction>(action(request)),
        reservation_type(request), key_at(request, 0));
}

struct ReportHead {
    nvme::le32 generation;
    uint8_t type = 0;
    nvme::le16 registered;
    nvme::Reserved<2> reserved7{};
    uint8_t persists = 0;
    nvme::Reserved<54> reserved10{};
};
static_assert(sizeof(ReportHead) == 64 && offsetof(ReportHead, persists) == 9);

struct ReportEntry {
    nvme::le16 cntlid;
    uint8_t status = 0;  ///< b0: holds the reservation
    nvme::Reserved<5> reserved3{};
    nvme::le64 key;
    nvme::HostId host;
    nvme::Reserved<32> reserved32{};
};
static_assert(sizeof(ReportEntry) == 64 && offsetof(ReportEntry, host) == 16);

base::Bytes report(const Request& request) {
    constexpr uint16_t kNoController = 0xFFFF;
    const Reservations& reservations = request.ns->reservations();
    const ReservationState& state = reservations.state();
    base::Bytes entries;
    base::Writer writer(entries);
    for (const ReservationState::Registrant& registrant : state.registrants) {
        ReportEntry entry;
        entry.cntlid = kNoController;
        entry.status = reservations.is_holder(registrant.host) ? 1 : 0;
        entry.key = registrant.key;
        entry.host = registrant.host.id;
        const size_t before = entries.size();
        for_each_controller(request, registrant.host, [&](const Controller& controller) {
            entry.cntlid = controller.cntlid();
            writer.put(entry);
        });
        if (entries.size() == before) {
            writer.put(entry);
        }
    }
    ReportHead head;
    head.generation = state.generation;
    head.type = static_cast<uint8_t>(state.type);
    head.registered = static_cast<uint16_t>(entries.size() / sizeof(ReportEntry));
    head.persists = state.persists ? 1 : 0;
    base::Bytes out;
    base::Writer(out).put(head).put_bytes(entries);
    return out;
}

}  // namespace

Checked check_reservation_register(const Request& request) {
    if (const nvme::Status verdict = check(request, 2, 0, false); !verdict.ok()) {
        return verdict;
    }
    if (persistence(request) == Persistence::kReserved) {
        return status::kInvalidField.dnr().at(10, 30);
    }
    return kTwoKeys;
}

void reservation_register(Request& request) {
    change<register_host, answer>(request);
}

Checked check_reservation_acquire(const Request& request) {
    if (const nvme::Status verdict = check(request, 2, kIgnoreExisting, true); !verdict.ok()) {
        return verdict;
    }
    return kTwoKeys;
}

void reservation_acquire(Request& request) {
    change<acquire, abort_removed>(request);
}

Checked check_reservation_release(const Request& request) {
    const bool clears = action(request) == 1;
    if (const nvme::Status verdict = check(request, 1, kIgnoreExisting, !clears); !verdict.ok()) {
        return verdict;
    }
    return kOneKey;
}

void reservation_release(Request& request) {
    change<release, answer>(request);
}

Checked check_reservation_report(const Request& request) {
    constexpr uint32_t kExtended = 1;  // CDW11: EDS, with 128-bit Host Identifiers
    if (const nvme::Status verdict = check_parties(request); !verdict.ok()) {
        return verdict;
    }
    if ((request.sqe.cdw11 & kExtended) == 0) {
        return status::kHostIdInconsistent.dnr().at(11);
    }
    const uint64_t bytes = (uint64_t{request.sqe.cdw10} + 1) * 4;
    if (bytes > request.queue->target().limits().max_transfer_bytes) {
        return status::kInvalidField.dnr().at(10);
    }
    return static_cast<uint32_t>(bytes);
}

void reservation_report(Request& request) {
    const base::Bytes page = report(request);
    const base::MutableBytes out = request.payload();
    const size_t count = std::min(page.size(), out.size());
    std::ranges::copy(base::ByteView(page).first(count), out.begin());
    std::ranges::fill(out.subspan(count), std::byte{0});
    complete(request, status::kSuccess);
}

}  // namespace target
