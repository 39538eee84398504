// SPDX-License-Identifier: GPL-2.0-or-later
//
// The response of either side of DH-HMAC-CHAP; the same formula in both directions.
#pragma once

#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "nvme/dhchap.h"

namespace target {

struct AuthProof {
    nvme::HashId hash;
    uint16_t transaction;        ///< T_ID
    uint32_t sequence;           ///< of the challenge
    base::ByteView challenge;    ///< as long as the hash
    base::ByteView session_key;  ///< H of the shared secret; empty in the null group
    bool of_controller;          ///< else of the host
    std::string_view prover;     ///< NQN of the side whose secret it is
    std::string_view verifier;   ///< NQN of the other side
};

/// HMAC of the augmented challenge, numbers and names, under the secret bound to its owner's NQN:
/// Base Specification 2.0, 8.13.5 "DH-HMAC-CHAP Protocol".
/// @return as many bytes as the hash has. Errors: the arithmetic failed
base::Result<base::Bytes> auth_response(const nvme::DhchapSecret& secret, const AuthProof& proof);

}  // namespace target
