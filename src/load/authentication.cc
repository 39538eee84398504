// SPDX-License-Identifier: GPL-2.0-or-later
#include "load/authentication.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "target/auth/auth_response.h"
#include "target/auth/crypto.h"

namespace load {
namespace {

using base::Bytes;
using base::ByteView;
using nvme::AuthMessage;
namespace crypto = target::crypto;

/// T_ID and S2: any will do, for a queue has one negotiation at a time.
constexpr uint16_t kTransaction = 1;
constexpr uint32_t kSequence = 1;

base::Error refused(nvme::AuthFailure reason) {
    return base::error("authentication: " + std::string(nvme::name(reason)));
}

template <class T>
base::Result<T> parsed(ByteView message) {
    auto result = T::parse(message);
    if (!result) {
        return refused(result.error());
    }
    return std::move(result).value();
}

}  // namespace

Authentication::Authentication(const HostSecrets& secrets, std::string hostnqn,
                               std::string subsysnqn)
    : secrets_(secrets), hostnqn_(std::move(hostnqn)), subsysnqn_(std::move(subsysnqn)) {}

Bytes Authentication::negotiate() const {
    nvme::AuthNegotiate message;
    message.transaction = kTransaction;
    std::ranges::transform(secrets_.hashes, std::back_inserter(message.hashes),
                           [](nvme::HashId id) { return static_cast<uint8_t>(id); });
    std::ranges::transform(secrets_.groups, std::back_inserter(message.groups),
                           [](nvme::DhGroup id) { return static_cast<uint8_t>(id); });
    return message.serialize();
}

base::Result<Bytes> Authentication::answer(ByteView message) {
    const auto kind = nvme::auth_message(message);
    if (kind == AuthMessage::kFailure1) {
        TRY(const auto failure, parsed<nvme::AuthFailureMessage>(message));
        return refused(static_cast<nvme::AuthFailure>(failure.explanation));
    }
    if (kind == AuthMessage::kChallenge && !challenged_) {
        return answer_challenge(message);
    }
    if (kind == AuthMessage::kSuccess1 && challenged_ && !done_) {
        return answer_success(message);
    }
    return base::error("authentication: unexpected message");
}

base::Result<Bytes> Authentication::answer_challenge(ByteView message) {
    TRY(const auto challenge, parsed<nvme::AuthChallenge>(message));
    challenged_ = true;
    hash_ = challenge.hash;
    nvme::AuthReply reply;
    reply.transaction = kTransaction;
    if (challenge.group != nvme::DhGroup::kNull) {
        TRY(const auto pair, crypto::DhKey::generate(challenge.group));
        TRY(const Bytes shared, pair.shared_secret(challenge.dh_value));
        TRY(session_key_, crypto::hash(hash_, {shared}));
        reply.dh_value.assign(pair.public_value().begin(), pair.public_value().end());
    }
    TRY(reply.response, response(secrets_.host, false, challenge.challenge, challenge.sequence));
    if (secrets_.controller) {
        own_challenge_.resize(nvme::hash_bytes(hash_));
        TRY_VOID(crypto::random_bytes(own_challenge_));
        reply.challenge = own_challenge_;
        reply.sequence = kSequence;
    }
    return reply.serialize();
}

base::Result<Bytes> Authentication::answer_success(ByteView message) {
    TRY(const auto success, parsed<nvme::AuthSuccess1>(message));
    done_ = true;
    if (!secrets_.controller) {
        return Bytes();
    }
    TRY(const Bytes expected, response(*secrets_.controller, true, own_challenge_, kSequence));
    if (!crypto::equal(success.response, expected)) {
        return base::error("authentication: the controller did not authenticate");
    }
    return nvme::AuthSuccess2{kTransaction}.serialize();
}

base::Result<Bytes> Authentication::response(const nvme::DhchapSecret& secret, bool to_host,
                                             ByteView challenge, uint32_t sequence) const {
    return target::auth_response(secret, {.hash = hash_,
                                          .transaction = kTransaction,
                                          .sequence = sequence,
                                          .challenge = challenge,
                                          .session_key = session_key_,
                                          .of_controller = to_host,
                                          .prover = to_host ? subsysnqn_ : hostnqn_,
                                          .verifier = to_host ? hostnqn_ : subsysnqn_});
}

}  // namespace load
