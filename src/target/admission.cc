// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/admission.h"

namespace target {
namespace {

/// A host that is about to be admitted takes its next step sooner.
constexpr base::seconds kStandstill{2};
/// The same for its first word. Short, for it is how long each round of a crowd that says nothing
/// lasts; long enough for a host that makes many connections before it speaks on the first.
constexpr base::milliseconds kSilence{250};

}  // namespace

Admission::Decision Admission::decide(const std::string& address, base::TimePoint now) const {
    const auto known = addresses_.find(address);
    if (known != addresses_.end() && known->second >= bounds_.of_one_address) {
        return {Verdict::kAddressAtBound, nullptr};
    }
    const bool full = members_.size() >= bounds_.connections;
    if (!full && strangers_.size() < bounds_.strangers) {
        return {Verdict::kTake, nullptr};
    }
    Connection* victim = find_victim(now);
    if (victim == nullptr) {
        return {strangers_.empty() ? Verdict::kAllTaken : Verdict::kWait, nullptr};
    }
    return {Verdict::kTake, victim};
}

Connection* Admission::find_victim(base::TimePoint now) const {
    Connection* slowest = nullptr;
    base::TimePoint since = now - kStandstill;
    for (Connection* stranger : strangers_) {
        const Standing standing = stranger->standing();
        if (!standing.spoke && standing.last_step <= now - kSilence) {
            return stranger;
        }
        if (standing.spoke && standing.last_step <= since) {
            since = standing.last_step;
            slowest = stranger;
        }
    }
    return slowest;
}

void Admission::add(Connection& connection, const std::string& address) {
    const auto stranger = strangers_.insert(strangers_.end(), &connection);
    members_.emplace(&connection, Member{address, stranger});
    ++addresses_[address];
}

void Admission::admit(const Connection& connection) {
    const auto member = members_.find(&connection);
    if (member != members_.end() && member->second.stranger != strangers_.end()) {
        strangers_.erase(member->second.stranger);
        member->second.stranger = strangers_.end();
    }
}

void Admission::remove(const Connection& connection) {
    admit(connection);
    const auto member = members_.find(&connection);
    if (member == members_.end()) {
        return;
    }
    const auto address = addresses_.find(member->second.address);
    if (--address->second == 0) {
        addresses_.erase(address);
    }
    members_.erase(member);
}

}  // namespace target
