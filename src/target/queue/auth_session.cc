// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/queue/auth_session.h"

#include <algorithm>
#include <utility>

namespace target {

namespace status = nvme::status;

namespace {

/// From the connection to a successful Connect.
constexpr auto kHandshakeLimit = base::seconds(10);
/// From Connect, or from the first message of a repetition, to the end of an authentication.
/// Generous: a kernel without the help of its processor takes seconds for a large group.
constexpr auto kAuthenticationLimit = base::seconds(60);

}  // namespace

AuthSession::AuthSession(QueueContext& context, Dispatcher& dispatcher, AttachedQueue& queue)
    : context_(context),
      dispatcher_(dispatcher),
      queue_(queue),
      deadline_(context.now + kHandshakeLimit),
      last_step_(context.now) {}

bool AuthSession::may_try() const {
    return context_.target.attempts().may_try(context_.endpoints.peer_address, context_.hostnqn,
                                              context_.now);
}

void AuthSession::connected() {
    deadline_ = context_.now + kAuthenticationLimit;
    step();
}

bool AuthSession::is_pending() const {
    return context_.controller == nullptr || negotiation_ != nullptr || !context_.proved();
}

base::TimePoint AuthSession::last_step() const {
    return computing_ ? base::TimePoint::max() : last_step_;
}

std::optional<base::TimePoint> AuthSession::deadline() const {
    std::optional<base::TimePoint> next;
    if (is_pending()) {
        next = deadline_;
    }
    if (held_) {
        next = std::min(held_->at, next.value_or(held_->at));
    }
    return next;
}

std::string AuthSession::on_timer() {
    if (held_ && held_->at <= context_.now) {
        tell_failure();
    } else if (is_pending() && deadline_ <= context_.now) {
        return context_.controller == nullptr
                   ? "no Connect within the time limit"
                   : "authentication not completed within the time limit";
    }
    return "";
}

Authentication& AuthSession::negotiate() {
    if (negotiation_ == nullptr) {
        const SubsystemConfig& subsystem = context_.subsystem->config();
        // The keys of today: they may have been replaced since this queue connected.
        if (auto keys = context_.target.access().keys(context_.hostnqn, subsystem, context_.qid)) {
            context_.keys = std::move(keys);
        }
        if (context_.authenticated) {
            deadline_ = context_.now + kAuthenticationLimit;  // a repetition
        }
        negotiation_ =
            std::make_unique<Authentication>(context_.keys, context_.controller->host().hostnqn,
                                             subsystem.nqn, context_.target.next_authentication());
    }
    return *negotiation_;
}

void AuthSession::compute(Request& request) {
    const std::string& address = context_.endpoints.peer_address;
    const bool known =
        context_.authenticated || context_.target.attempts().has_proved(address, context_.hostnqn);
    computing_ = true;
    const Labor::Id labor = context_.target.labor().start(
        {address, known}, negotiation_->take_work(),
        context_.alive.guard([this, &request] { computed(request); }));
    labor_ = computing_ ? labor : 0;  // it may be done already
}

void AuthSession::computed(Request& request) {
    computing_ = false;
    const auto outcome =
        negotiation_ == nullptr ? Authentication::Outcome::kPending : negotiation_->work_done();
    dispatcher_.complete(request, status::kSuccess);
    moved(outcome);
}

void AuthSession::abandon(bool counts) {
    if (negotiation_ == nullptr) {
        return;
    }
    context_.control().run(context_.alive.guard([this, counts] {
        const auto over = std::exchange(negotiation_, nullptr);
        if (over == nullptr) {
            return;
        }
        if (computing_) {
            context_.target.labor().forget(labor_);
        }
        if (counts && over->is_under_way()) {
            (void)context_.target.attempts().failed(context_.endpoints.peer_address,
                                                    context_.hostnqn, context_.now);
        }
    }));
}

void AuthSession::moved(Authentication::Outcome outcome) {
    step();
    if (outcome == Authentication::Outcome::kPending) {
        return;
    }
    const auto over = std::exchange(negotiation_, nullptr);
    const std::string& address = context_.endpoints.peer_address;
    if (outcome == Authentication::Outcome::kFailed) {  // the host gave up
        (void)context_.target.attempts().failed(address, context_.hostnqn, context_.now);
        context_.close(Event::Kind::kRefused, "authentication: " + over->detail());
        return;
    }
    if (context_.closing || context_.controller == nullptr) {
        return;
    }
    context_.target.attempts().proved(address, context_.hostnqn);
    if (!std::exchange(context_.authenticated, true) &&
        !context_.controller->queues().admit(queue_)) {
        context_.close(Event::Kind::kRefused, "queue id in use");
        return;
    }
    agreement_ = over->agreement();
    dispatcher_.memory().count();
    context_.tell(Event::Kind::kAuthenticated, over->detail());
}

void AuthSession::fail_attempt(Request& request, nvme::Status status, uint64_t result, bool ends) {
    const auto delay = context_.target.attempts().failed(context_.endpoints.peer_address,
                                                         context_.hostnqn, context_.now);
    held_ = HeldFailure{&request, status, result, ends, context_.now + delay};
    context_.holds_failure = true;
    if (delay > base::milliseconds(0)) {
        context_.owner.ready();
    } else {
        tell_failure();
    }
}

void AuthSession::tell_failure() {
    const HeldFailure failure = *std::exchange(held_, std::nullopt);
    context_.holds_failure = false;
    dispatcher_.complete(*failure.request, failure.status, failure.result);
    if (failure.ends) {
        context_.closing = true;  // what there is to tell was told when it failed
        context_.owner.ready();
    }
}

}  // namespace target
