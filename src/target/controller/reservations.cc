// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/controller/reservations.h"

#include <algorithm>
#include <utility>

namespace target {

namespace status = nvme::status;
using Registrant = ReservationState::Registrant;
using Type = ReservationType;

namespace {

bool all_hold(Type type) {
    return type == Type::kWriteExclusiveAll || type == Type::kExclusiveAccessAll;
}

bool only_one_may(Type type) {
    return type == Type::kWriteExclusive || type == Type::kExclusiveAccess;
}

bool others_may_read(Type type) {
    return type == Type::kWriteExclusive || type == Type::kWriteExclusiveRegistrants ||
           type == Type::kWriteExclusiveAll;
}

const Registrant* find(const ReservationState& state, const Reserver& host) {
    const auto found = std::ranges::find_if(
        state.registrants, [&](const Registrant& registrant) { return registrant.host.is(host); });
    return found == state.registrants.end() ? nullptr : &*found;
}

bool holds(const ReservationState& state, const Reserver& host) {
    return state.type != Type::kNone &&
           (all_hold(state.type) ? find(state, host) != nullptr : state.holder.is(host));
}

ReservationOutcome refused(nvme::Status why) {
    return {.status = why.dnr(), .notices = {}, .removed = {}};
}

/// All registrants but `host` hear of it.
void tell_others(const ReservationState& state, const Reserver& host, ReservationNotice what,
                 ReservationOutcome& outcome) {
    for (const Registrant& registrant : state.registrants) {
        if (!registrant.host.is(host)) {
            outcome.notices.push_back({registrant.host, what});
        }
    }
}

/// The reservation ends. Of types 3 to 6 all others have to know: they had a part in it.
void end_reservation(ReservationState& state, const Reserver& host, ReservationOutcome& outcome) {
    if (!only_one_may(state.type)) {
        tell_others(state, host, ReservationNotice::kReservationReleased, outcome);
    }
    state.type = Type::kNone;
    state.holder = {};
}

bool is_full(const ReservationState& state, const Reserver& host) {
    const auto of_its_nqn = std::ranges::count_if(
        state.registrants, [&](const Registrant& r) { return r.host.nqn == host.nqn; });
    return state.registrants.size() >= Reservations::kMostRegistrants ||
           static_cast<size_t>(of_its_nqn) >= Reservations::kMostOfOneNqn;
}

void take(ReservationState& state, const Reserver& host, Type type) {
    state.type = type;
    state.holder = all_hold(type) ? Reserver{} : host;
}

/// Removes every registrant that `match` picks. @return whether there was one
template <class Match>
bool remove_registrants(ReservationState& state, const Reserver& by, ReservationNotice notice,
                        Match match, ReservationOutcome& outcome) {
    for (const Registrant& registrant : state.registrants) {
        if (match(registrant)) {
            outcome.removed.push_back(registrant.host);
            if (!registrant.host.is(by)) {
                outcome.notices.push_back({registrant.host, notice});
            }
        }
    }
    return std::erase_if(state.registrants, match) > 0;
}

/// Preempts as a registrant whose key was right. @return how; the state is changed where it is ok
nvme::Status preempt(ReservationState& state, const Reserver& host, Type type, uint64_t key,
                     ReservationOutcome& outcome) {
    const auto has_key = [&](const Registrant& r) { return r.key == key; };
    const auto is_other = [&](const Registrant& r) { return !r.host.is(host); };
    const bool by_all = all_hold(state.type) && key == 0;
    const Registrant* holder =
        state.type == Type::kNone || all_hold(state.type) ? nullptr : find(state, state.holder);
    if (by_all || (holder != nullptr && holder->key == key)) {
        const bool changes_type = state.type != type;
        const Type before = state.type;
        remove_registrants(
            state, host, ReservationNotice::kReservationPreempted,
            [&](const Registrant& r) { return is_other(r) && (by_all || has_key(r)); }, outcome);
        if (changes_type && !only_one_may(before)) {
            tell_others(state, host, ReservationNotice::kReservationReleased, outcome);
        }
        take(state, host, type);
        return status::kSuccess;
    }
    if (key == 0) {
        return status::kInvalidField;
    }
    if (!remove_registrants(state, host, ReservationNotice::kRegistrationPreempted, has_key,
                            outcome)) {
        return status::kReservationConflict;
    }
    if (all_hold(state.type) && state.registrants.empty()) {
        state.type = Type::kNone;
    }
    return status::kSuccess;
}

}  // namespace

void Reservations::restore(ReservationState state, Save save) {
    state_ = std::move(state);
    save_ = std::move(save);
    std::erase_if(state_.registrants, [](const Registrant& r) { return r.host.id.is_zero(); });
    const bool has_holder = state_.type != Type::kNone && !all_hold(state_.type);
    if (has_holder && state_.holder.id.is_zero()) {
        state_.type = Type::kNone;
    }
}

bool Reservations::is_holder(const Reserver& host) const {
    return holds(state_, host);
}

bool Reservations::allows(const Reserver& host, Access access) const {
    if (state_.type == Type::kNone || holds(state_, host)) {
        return true;
    }
    if (access == Access::kRead && others_may_read(state_.type)) {
        return true;
    }
    return !only_one_may(state_.type) && find(state_, host) != nullptr;
}

ReservationOutcome Reservations::commit(ReservationState next, ReservationOutcome outcome) {
    if (!save_ || (!next.persists && !state_.persists)) {
        state_ = std::move(next);
        return outcome;
    }
    is_saving_ = true;
    next_ = std::move(next);
    outcome_ = std::move(outcome);
    save_(next_, [this](bool kept) { saved(kept); });
    return outcome_;
}

void Reservations::saved(bool kept) {
    is_saving_ = false;
    if (kept) {
        state_ = std::move(next_);
    } else {
        outcome_ = {.status = status::kInternalError, .notices = {}, .removed = {}};
    }
    if (std::exchange(wakes_, true)) {
        return;  // the loop below sees it
    }
    while (!is_saving_ && !waiting_.empty()) {
        Io& io = *waiting_.front();
        waiting_.pop_front();
        io.done(IoError::kNone);
    }
    wakes_ = false;
}

void Reservations::wait(Io& io, bool own) {
    own ? waiting_.push_front(&io) : waiting_.push_back(&io);
}

ReservationOutcome Reservations::register_host(const Reserver& host, const Registration& wanted) {
    if (wanted.persist.value_or(false) && !can_persist()) {
        return refused(status::kInvalidField.at(10, 30));
    }
    ReservationState next = state_;
    ReservationOutcome outcome;
    const auto entry = std::ranges::find_if(next.registrants,
                                            [&](const Registrant& r) { return r.host.is(host); });
    const bool registered = entry != next.registrants.end();
    const bool knows_key =
        wanted.ignore_existing || (registered && entry->key == wanted.current_key);
    switch (wanted.action) {
        case RegisterAction::kRegister:
            if (registered && entry->key != wanted.new_key) {
                return refused(status::kReservationConflict);
            }
            if (!registered && is_full(next, host)) {
                return refused(status::kInternalError);
            }
            if (!registered) {
                next.registrants.push_back({host, wanted.new_key});
            }
            break;
        case RegisterAction::kReplace:
            if (!registered || !knows_key) {
                return refused(status::kReservationConflict);
            }
            entry->key = wanted.new_key;
            break;
        case RegisterAction::kUnregister:
            if (!registered || !knows_key) {
                return refused(status::kReservationConflict);
            }
            const bool ends =
                holds(next, host) && (!all_hold(next.type) || next.registrants.size() == 1);
            next.registrants.erase(entry);
            if (ends) {
                end_reservation(next, host, outcome);
            }
            break;
    }
    ++next.generation;
    next.persists = wanted.persist.value_or(next.persists);
    return commit(std::move(next), std::move(outcome));
}

nvme::Status Reservations::persist(bool wanted) {
    if (wanted && !can_persist()) {
        return status::kInvalidField.dnr().at(11);
    }
    ReservationState next = state_;
    next.persists = wanted;
    return commit(std::move(next), {}).status;
}

ReservationOutcome Reservations::acquire(const Reserver& host, const Acquisition& wanted) {
    const Registrant* registrant = find(state_, host);
    if (registrant == nullptr || registrant->key != wanted.current_key) {
        return refused(status::kReservationConflict);
    }
    ReservationState next = state_;
    ReservationOutcome outcome;
    if (wanted.action == AcquireAction::kAcquire) {
        const bool has_it = holds(state_, host) && state_.type == wanted.type;
        if (state_.type != Type::kNone && !has_it) {
            return refused(status::kReservationConflict);
        }
        take(next, host, wanted.type);
        return commit(std::move(next), std::move(outcome));
    }
    const nvme::Status verdict = preempt(next, host, wanted.type, wanted.preempted_key, outcome);
    if (!verdict.ok()) {
        return refused(verdict);
    }
    ++next.generation;
    return commit(std::move(next), std::move(outcome));
}

ReservationOutcome Reservations::release(const Reserver& host, ReleaseAction action, Type type,
                                         uint64_t current_key) {
    const Registrant* registrant = find(state_, host);
    if (registrant == nullptr || registrant->key != current_key) {
        return refused(status::kReservationConflict);
    }
    ReservationState next = state_;
    ReservationOutcome outcome;
    if (action == ReleaseAction::kClear) {
        tell_others(next, host, ReservationNotice::kReservationPreempted, outcome);
        next.registrants.clear();
        next.type = Type::kNone;
        next.holder = {};
        ++next.generation;
        return commit(std::move(next), std::move(outcome));
    }
    if (!holds(state_, host)) {
        return outcome;  // a host that holds nothing releases nothing, which is not an error
    }
    if (type != state_.type) {
        return refused(status::kInvalidField.at(10, 8));
    }
    end_reservation(next, host, outcome);
    return commit(std::move(next), std::move(outcome));
}

}  // namespace target
