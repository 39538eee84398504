// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/auth/auth_response.h"

#include <array>

#include "target/auth/crypto.h"

namespace target {

using base::Bytes;

namespace {

constexpr std::string_view kKeyBinding = "NVMe-over-Fabrics";

base::Result<Bytes> bound_key(const nvme::DhchapSecret& secret, std::string_view owner_nqn) {
    if (!secret.hash()) {
        return Bytes(secret.key().begin(), secret.key().end());
    }
    return crypto::hmac(*secret.hash(), secret.key(),
                        {base::bytes_of(owner_nqn), base::bytes_of(kKeyBinding)});
}

base::Result<Bytes> augmented(const AuthProof& proof) {
    if (proof.session_key.empty()) {
        return Bytes(proof.challenge.begin(), proof.challenge.end());
    }
    return crypto::hmac(proof.hash, proof.session_key, {proof.challenge});
}

}  // namespace

base::Result<Bytes> auth_response(const nvme::DhchapSecret& secret, const AuthProof& proof) {
    TRY(const Bytes challenge, augmented(proof));
    TRY(Bytes key, bound_key(secret, proof.prover));
    const nvme::le32 sequence = proof.sequence;
    const nvme::le16 transaction = proof.transaction;
    constexpr std::array kNoSecureChannel = {std::byte{0}};
    constexpr std::array kEnd = {std::byte{0}};
    auto response = crypto::hmac(
        proof.hash, key,
        {challenge, base::bytes_of(sequence), base::bytes_of(transaction), kNoSecureChannel,
         base::bytes_of(std::string_view(proof.of_controller ? "Controller" : "HostHost")),
         base::bytes_of(proof.prover), kEnd, base::bytes_of(proof.verifier)});
    base::wipe(key.data(), key.size());
    return response;
}

}  // namespace target
