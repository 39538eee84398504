// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/auth/auth.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"
#include "target/auth/auth_response.h"

namespace target {

using base::Bytes;
using base::ByteView;
using base::Nothing;
using nvme::AuthFailure;
using nvme::AuthMessage;
using nvme::AuthResult;

namespace {

/// The strongest of `allowed` that the host offers too. Identifiers grow with strength.
template <class Id>
std::optional<Id> strongest_common(std::vector<Id> allowed, const std::vector<uint8_t>& offered) {
    std::ranges::sort(allowed, std::greater<>());
    const auto common = std::ranges::find_if(allowed, [&](Id id) {
        return std::ranges::find(offered, static_cast<uint8_t>(id)) != offered.end();
    });
    return common == allowed.end() ? std::nullopt : std::optional(*common);
}

/// Arithmetic of our own that failed: the host learns no more than that.
template <class T>
AuthResult<T> ours(base::Result<T> result) {
    if (!result) {
        return AuthFailure::kFailed;
    }
    return std::move(result).value();
}

}  // namespace

Authentication::Authentication(std::shared_ptr<const HostKeys> keys, std::string hostnqn,
                               std::string subnqn, uint32_t sequence)
    : keys_(std::move(keys)),
      hostnqn_(std::move(hostnqn)),
      subnqn_(std::move(subnqn)),
      sequence_(sequence) {}

Authentication::Outcome Authentication::receive(ByteView message) {
    const auto kind = nvme::auth_message(message);
    if (kind == AuthMessage::kFailure2 && state_ != State::kNegotiate) {
        return on_failure2(message);
    }
    Step step = Nothing{};
    if (state_ == State::kNegotiate && kind == AuthMessage::kNegotiate) {
        step = on_negotiate(message);
    } else if (state_ == State::kReply && kind == AuthMessage::kReply) {
        step = on_reply(message);
    } else if (state_ == State::kSuccess2 && kind == AuthMessage::kSuccess2) {
        step = on_success2(message);
    } else {
        step = fail(AuthFailure::kIncorrectMessage, "unexpected message");
    }
    return settle(step);
}

Authentication::Outcome Authentication::settle(const Step& step) {
    if (!step) {
        if (detail_.empty()) {
            detail_ = nvme::name(step.error());
        }
        const nvme::AuthFailureMessage failure{.kind = AuthMessage::kFailure1,
                                               .transaction = transaction_,
                                               .explanation = static_cast<uint8_t>(step.error())};
        set_pending(State::kFailure1, failure.serialize());
    }
    return state_ == State::kOver ? Outcome::kAuthenticated
           : work_                ? Outcome::kComputing
                                  : Outcome::kPending;
}

std::function<void()> Authentication::take_work() {
    return std::exchange(work_, nullptr);
}

Authentication::Outcome Authentication::work_done() {
    if (state_ == State::kMakingKey) {
        return settle(make_challenge());
    }
    return state_ == State::kMixing ? settle(take_secret()) : Outcome::kPending;
}

size_t Authentication::pending_bytes() const {
    return pending_.size();
}

Authentication::Message Authentication::produce() {
    switch (state_) {
        case State::kChallenge:
            state_ = State::kReply;
            return {std::exchange(pending_, {}), Outcome::kPending};
        case State::kSuccess1:
            state_ = mutual_ ? State::kSuccess2 : State::kOver;
            return {std::exchange(pending_, {}),
                    mutual_ ? Outcome::kPending : Outcome::kAuthenticated};
        case State::kNegotiate:
        case State::kMakingKey:
        case State::kReply:
        case State::kMixing:
        case State::kSuccess2:
        case State::kOver:
            detail_ = "unexpected Receive";
            pending_ =
                nvme::AuthFailureMessage{
                    .kind = AuthMessage::kFailure1,
                    .transaction = transaction_,
                    .explanation = static_cast<uint8_t>(AuthFailure::kIncorrectMessage)}
                    .serialize();
            [[fallthrough]];
        case State::kFailure1:
            break;
    }
    state_ = State::kOver;
    return {std::exchange(pending_, {}), Outcome::kFailed};
}

Authentication::Step Authentication::on_negotiate(ByteView message) {
    transaction_ = nvme::auth_transaction(message);
    TRY(const auto negotiate, nvme::AuthNegotiate::parse(message));
    if (negotiate.secure_channel != 0) {
        return fail(AuthFailure::kSecureChannelMismatch, "the host requires a secure channel");
    }
    const auto hash = strongest_common(keys_->hashes, negotiate.hashes);
    if (!hash) {
        return fail(AuthFailure::kHashUnusable, "no hash in common");
    }
    const auto group = strongest_common(keys_->groups, negotiate.groups);
    if (!group) {
        return fail(AuthFailure::kGroupUnusable, "no DH group in common");
    }
    hash_ = *hash;
    group_ = *group;
    if (group_ == nvme::DhGroup::kNull) {
        return make_challenge();
    }
    exchange_ = std::make_shared<Exchange>();
    work_ = [exchange = exchange_, chosen = group_] {
        exchange->key = crypto::DhKey::generate(chosen);
    };
    state_ = State::kMakingKey;
    return Nothing{};
}

Authentication::Step Authentication::make_challenge() {
    challenge_.resize(nvme::hash_bytes(hash_));
    if (!crypto::random_bytes(challenge_)) {
        return fail(AuthFailure::kFailed, "no random numbers");
    }
    nvme::AuthChallenge challenge{.transaction = transaction_,
                                  .hash = hash_,
                                  .group = group_,
                                  .sequence = sequence_,
                                  .challenge = challenge_,
                                  .dh_value = {}};
    if (exchange_) {
        if (!*exchange_->key) {
            return fail(AuthFailure::kFailed, exchange_->key->error().text);
        }
        const ByteView value = (*exchange_->key)->public_value();
        challenge.dh_value.assign(value.begin(), value.end());
    }
    set_pending(State::kChallenge, challenge.serialize());
    return Nothing{};
}

Authentication::Step Authentication::on_reply(ByteView message) {
    TRY(reply_, nvme::AuthReply::parse(message));
    if (reply_->transaction != transaction_ || reply_->response.size() != nvme::hash_bytes(hash_) ||
        reply_->dh_value.size() != nvme::dh_bytes(group_)) {
        return fail(AuthFailure::kIncorrectPayload, "the Reply does not match the Challenge");
    }
    if (!exchange_) {
        return judge_reply();
    }
    work_ = [exchange = exchange_, value = reply_->dh_value] {
        exchange->secret = (*exchange->key)->shared_secret(value);
    };
    state_ = State::kMixing;
    return Nothing{};
}

Authentication::Step Authentication::take_secret() {
    auto& shared = *exchange_->secret;
    if (!shared) {
        return fail(AuthFailure::kIncorrectPayload, shared.error().text);
    }
    TRY(session_key_, ours(crypto::hash(hash_, {*shared})));
    base::wipe(shared->data(), shared->size());
    return judge_reply();
}

Authentication::Step Authentication::judge_reply() {
    const nvme::AuthReply reply = *std::exchange(reply_, std::nullopt);
    TRY(bool proved, proves(keys_->host, reply));
    if (!proved && keys_->next_host) {
        TRY(proved, proves(*keys_->next_host, reply));
        used_next_ = proved;
    }
    if (!proved) {
        return fail(AuthFailure::kFailed, "the response of the host is wrong: different key");
    }
    return prove_ourselves(reply);
}

AuthResult<bool> Authentication::proves(const nvme::DhchapSecret& secret,
                                        const nvme::AuthReply& reply) const {
    TRY(const auto expected, response(secret, false, challenge_, sequence_));
    return crypto::equal(expected, reply.response);
}

Authentication::Step Authentication::prove_ourselves(const nvme::AuthReply& reply) {
    nvme::AuthSuccess1 success{.transaction = transaction_,
                               .hash_length = static_cast<uint8_t>(nvme::hash_bytes(hash_)),
                               .response = {}};
    if (reply.challenge) {
        const bool next = used_next_ && keys_->next_controller;
        const auto& secret = next ? keys_->next_controller : keys_->controller;
        if (!secret) {
            return fail(AuthFailure::kFailed,
                        "the host requires authentication of the target, and no controller key is "
                        "configured");
        }
        mutual_ = true;
        TRY(success.response, response(*secret, true, *reply.challenge, reply.sequence));
    }
    detail_ = base::format("%s, %s, %s%s", std::string(nvme::name(hash_)).c_str(),
                           std::string(nvme::name(group_)).c_str(),
                           mutual_ ? "in both directions" : "the host only",
                           used_next_ ? ", by the next key" : "");
    set_pending(State::kSuccess1, success.serialize());
    return Nothing{};
}

Authentication::Step Authentication::on_success2(ByteView message) {
    TRY(const auto success, nvme::AuthSuccess2::parse(message));
    if (success.transaction != transaction_) {
        return fail(AuthFailure::kIncorrectPayload, "a Success2 for another transaction");
    }
    state_ = State::kOver;
    return Nothing{};
}

Authentication::Outcome Authentication::on_failure2(ByteView message) {
    state_ = State::kOver;
    detail_ = "the host gave up";
    if (const auto failure = nvme::AuthFailureMessage::parse(message); failure) {
        detail_ += ": ";
        detail_ += nvme::name(static_cast<AuthFailure>(failure->explanation));
    }
    return Outcome::kFailed;
}

AuthResult<Bytes> Authentication::response(const nvme::DhchapSecret& secret, bool to_host,
                                           ByteView challenge, uint32_t sequence) const {
    return ours(auth_response(secret, {.hash = hash_,
                                       .transaction = transaction_,
                                       .sequence = sequence,
                                       .challenge = challenge,
                                       .session_key = session_key_,
                                       .of_controller = to_host,
                                       .prover = to_host ? subnqn_ : hostnqn_,
                                       .verifier = to_host ? hostnqn_ : subnqn_}));
}

Authentication::Step Authentication::fail(AuthFailure failure, std::string detail) {
    detail_ = std::move(detail);
    return failure;
}

void Authentication::set_pending(State state, Bytes message) {
    state_ = state;
    pending_ = std::move(message);
}

}  // namespace target
