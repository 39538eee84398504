// SPDX-License-Identifier: GPL-2.0-or-later
//
// Base Specification 2.0: 5.27.1.26 "Reservation Notification Mask", 5.27.1.27 "Reservation
// Persistence", 5.27.1.28 "Namespace Write Protection Config".
#include "target/commands/feature_namespace.h"

#include <algorithm>

#include "target/queue/judgement.h"
#include "target/queue/request_steps.h"

namespace target {

namespace status = nvme::status;

namespace {

Controller& controller_of(const Request& request) {
    return *request.queue->controller();
}

bool is_meant(const Request& request, const Namespace& ns) {
    return request.sqe.nsid == nvme::kNsidAll || request.sqe.nsid == ns.nsid();
}

WriteProtection wanted_protection(const Request& request) {
    return static_cast<WriteProtection>(request.sqe.cdw11 & kWriteProtectionStates);
}

bool is_changeable(const Namespace& ns) {
    return !ns.config().read_only && ns.write_protection() != WriteProtection::kUntilPowerCycle;
}

void protect(Request& request, IoError error) {
    if (error != IoError::kNone) {
        complete(request, to_status(error, request.kind));
        return;
    }
    if (may_go_on(request)) {
        (void)request.queue->subsystem().protect_namespace(
            request.sqe.nsid, wanted_protection(request));  // it is there: that was judged
        complete(request, status::kSuccess);
    }
}

void flush_and_protect(Request& request) {
    request.kind = Io::Kind::kFlush;
    request.offset = 0;
    request.length = 0;
    submit(request, protect);
}

}  // namespace

// --- reservations -------------------------------------------------------------------------------

void set_reservation_mask(Request& request) {
    Controller& controller = controller_of(request);
    for (const auto& ns : controller.namespaces()) {
        if (is_meant(request, *ns)) {
            controller.reservations().set_mask(ns->nsid(), request.sqe.cdw11);
        }
    }
    complete(request, status::kSuccess);
}

uint64_t get_reservation_mask(const Request& request, bool of_default) {
    return of_default ? 0 : controller_of(request).reservations().mask(request.sqe.nsid);
}

/// A host that a reservation keeps from writing does not change what others rely on.
nvme::Status judge_reservation_persistence(const Request& request) {
    const Controller& controller = controller_of(request);
    const bool conflicts = std::ranges::any_of(controller.namespaces(), [&](const auto& ns) {
        return is_meant(request, *ns) &&
               !ns->reservations().allows(controller.reserver(), Access::kWrite);
    });
    return conflicts ? status::kReservationConflict.dnr() : status::kSuccess;
}

void persistence_saved(Request& request, IoError /*error*/) {
    const nvme::Status verdict = request.ns->reservations().outcome().status;
    if (!verdict.ok()) {
        complete(request, verdict);
    } else if (may_go_on(request)) {
        set_reservation_persistence(request);
    }
}

/// Of all namespaces, those count where reservations can persist. One after the other: `step` is
/// above those that are done.
void set_reservation_persistence(Request& request) {
    for (const auto& ns : controller_of(request).namespaces()) {
        Reservations& reservations = ns->reservations();
        const bool can = request.sqe.nsid != nvme::kNsidAll || reservations.can_persist();
        if (ns->nsid() < request.step || !can || !is_meant(request, *ns)) {
            continue;
        }
        request.ns = ns;
        if (reservations.is_saving()) {
            wait_for_reservations(request, false, [](Request& waited, IoError) {
                if (may_go_on(waited)) {
                    set_reservation_persistence(waited);
                }
            });
            return;
        }
        const nvme::Status verdict = reservations.persist(request.sqe.cdw11 != 0);
        request.step = ns->nsid() + 1;
        if (reservations.is_saving()) {
            wait_for_reservations(request, true, persistence_saved);
            return;
        }
        if (!verdict.ok()) {
            complete(request, verdict);
            return;
        }
    }
    complete(request, status::kSuccess);
}

uint64_t get_reservation_persistence(const Request& request, bool of_default) {
    const Namespace* ns = controller_of(request).find_namespace(request.sqe.nsid);
    return !of_default && ns->reservations().state().persists ? 1 : 0;
}

// --- namespace write protection ------------------------------------------------------------------

/// A host that may not write may not keep others from writing either.
nvme::Status judge_write_protection(const Request& request) {
    const Controller& controller = controller_of(request);
    const Namespace& ns = *controller.find_namespace(request.sqe.nsid);
    if (wanted_protection(request) > WriteProtection::kUntilPowerCycle) {
        return status::kInvalidField.dnr().at(11);
    }
    if (!ns.reservations().allows(controller.reserver(), Access::kWrite)) {
        return status::kReservationConflict.dnr();
    }
    return is_changeable(ns) || wanted_protection(request) == ns.write_protection()
               ? status::kSuccess
               : status::kFeatureNotChangeable.dnr();
}

/// When the protection begins, no write is under way, and what was written before is on stable
/// storage.
void set_write_protection(Request& request) {
    (void)bind_namespace(request.queue->context(), request);  // it was judged: there is one
    if (is_changeable(*request.ns)) {
        wait_for_turn(request, 0, request.ns->block_count(), WriteOrder::Kind::kExclusive,
                      flush_and_protect);
    } else {
        complete(request, status::kSuccess);  // it is in this state
    }
}

uint64_t get_write_protection(const Request& request, bool of_default) {
    const Namespace* ns = controller_of(request).find_namespace(request.sqe.nsid);
    return of_default ? 0 : static_cast<uint64_t>(ns->write_protection());
}

}  // namespace target
