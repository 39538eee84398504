// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/wire/admission.h"

namespace target {
namespace {

/// A host that is about to be admitted takes its next step sooner, and one that reads the discovery
/// log asks for its next part.
constexpr base::seconds kStandstill{2};
/// The same for its first word. Short, for it is how long each round of a crowd that says nothing
/// lasts; long enough for a host that makes many connections before it speaks on the first.
constexpr base::milliseconds kSilence{250};

FairOrder::Id id_of(const Connection& connection) {
    return reinterpret_cast<FairOrder::Id>(&connection);
}

}  // namespace

void Admission::Crowd::add(Connection& connection, const std::string& address) {
    places_.emplace(&connection, members_.insert(members_.end(), &connection));
    fair_.add(id_of(connection), address);
}

void Admission::Crowd::remove(const Connection& connection) {
    if (const auto place = places_.find(&connection); place != places_.end()) {
        members_.erase(place->second);
        places_.erase(place);
        fair_.remove(id_of(connection));
    }
}

Connection* Admission::Crowd::beyond_share(const std::string& address) const {
    const auto id = fair_.oldest_beyond_share(address);
    return id ? reinterpret_cast<Connection*>(*id) : nullptr;
}

Admission::Decision Admission::decide(const std::string& address, base::TimePoint now) const {
    const auto known = addresses_.find(address);
    if (known != addresses_.end() && known->second >= bounds_.of_one_address) {
        return {Verdict::kAddressAtBound, nullptr};
    }
    const bool full = members_.size() >= bounds_.connections;
    if (!full && strangers_.size() < bounds_.strangers) {
        return {Verdict::kTake, nullptr};
    }
    Connection* victim = strangers_.beyond_share(address);
    victim = victim == nullptr && full ? visitors_.beyond_share(address) : victim;
    victim = victim == nullptr ? slow_stranger(now) : victim;
    victim = victim == nullptr && full ? quiet_visitor(now) : victim;
    if (victim == nullptr) {
        const bool moving = strangers_.size() + (full ? visitors_.size() : 0) > 0;
        return {moving ? Verdict::kWait : Verdict::kAllTaken, nullptr};
    }
    return {Verdict::kTake, victim};
}

/// Of several, the oldest.
Connection* Admission::slow_stranger(base::TimePoint now) const {
    Connection* slowest = nullptr;
    base::TimePoint since = base::TimePoint::max();
    for (Connection* stranger : strangers_.members()) {
        const Standing standing = stranger->standing();
        if (!standing.spoke && standing.last_step <= now - kSilence) {
            return stranger;
        }
        if (standing.spoke && standing.last_step <= now - kStandstill &&
            standing.last_step < since) {
            since = standing.last_step;
            slowest = stranger;
        }
    }
    return slowest;
}

/// Of several, the oldest.
Connection* Admission::quiet_visitor(base::TimePoint now) const {
    Connection* quietest = nullptr;
    base::TimePoint since = base::TimePoint::max();
    for (Connection* visitor : visitors_.members()) {
        if (const auto last = visitor->standing().last_step;
            last <= now - kStandstill && last < since) {
            since = last;
            quietest = visitor;
        }
    }
    return quietest;
}

void Admission::add(Connection& connection, const std::string& address) {
    strangers_.add(connection, address);
    members_.emplace(&connection, Member{address});
    ++addresses_[address];
}

/// Of one that is admitted.
Admission::Rank Admission::rank_of(const Connection& connection) {
    const Standing standing = connection.standing();
    return standing.proved ? Rank::kProved : standing.visits ? Rank::kVisitor : Rank::kGuest;
}

Connection* Admission::admit(Connection& connection, base::TimePoint now) {
    const auto member = members_.find(&connection);
    if (member == members_.end()) {
        return nullptr;
    }
    auto& [address, rank] = member->second;
    const Rank next = rank_of(connection);
    leave(connection, rank);
    rank = next;
    if (next == Rank::kProved) {
        return nullptr;
    }
    Connection* victim = nullptr;
    if (guests_ + bounds_.kept >= bounds_.connections) {
        victim = visitors_.beyond_share(address);
        victim = victim == nullptr ? quiet_visitor(now) : victim;
        victim = victim == nullptr ? &connection : victim;
    }
    ++guests_;
    if (next == Rank::kVisitor) {
        visitors_.add(connection, address);
    }
    return victim;
}

void Admission::leave(const Connection& connection, Rank rank) {
    strangers_.remove(connection);
    visitors_.remove(connection);
    guests_ -= rank == Rank::kVisitor || rank == Rank::kGuest ? 1 : 0;
}

void Admission::remove(const Connection& connection) {
    const auto member = members_.find(&connection);
    if (member == members_.end()) {
        return;
    }
    leave(connection, member->second.rank);
    const auto address = addresses_.find(member->second.address);
    if (--address->second == 0) {
        addresses_.erase(address);
    }
    members_.erase(member);
}

}  // namespace target
