// SPDX-License-Identifier: GPL-2.0-or-later
//
// DH-HMAC-CHAP, the host's side: one negotiation of one queue, messages in and out. The
// controller's side is target/auth.h, which also has the formula of the responses.
//
// Base Specification 2.0: 8.13.5 "DH-HMAC-CHAP Protocol".
#pragma once

#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "nvme/dhchap.h"

namespace load {

/// The secrets of a host, and the algorithms that it offers.
struct HostSecrets {
    nvme::DhchapSecret host;
    std::optional<nvme::DhchapSecret> controller;  ///< the controller must authenticate with this
    std::vector<nvme::HashId> hashes;              ///< offered
    std::vector<nvme::DhGroup> groups;             ///< offered
};

class Authentication {
  public:
    /// @param secrets  outlives this object
    Authentication(const HostSecrets& secrets, std::string hostnqn, std::string subsysnqn);

    /// The message to begin with.
    [[nodiscard]] base::Bytes negotiate() const;
    /// The message to send after `message` came from the controller; empty: nothing.
    /// Errors: the controller refused, did not authenticate, or violated the protocol.
    base::Result<base::Bytes> answer(base::ByteView message);
    [[nodiscard]] bool done() const { return done_; }

  private:
    base::Result<base::Bytes> answer_challenge(base::ByteView message);
    base::Result<base::Bytes> answer_success(base::ByteView message);
    [[nodiscard]] base::Result<base::Bytes> response(const nvme::DhchapSecret& secret, bool to_host,
                                                     base::ByteView challenge,
                                                     uint32_t sequence) const;

    const HostSecrets& secrets_;
    std::string hostnqn_;
    std::string subsysnqn_;
    nvme::HashId hash_ = nvme::HashId::kSha256;
    base::Bytes session_key_;    ///< h(g^xy); empty with the null group
    base::Bytes own_challenge_;  ///< C2; empty before the Challenge came
    bool challenged_ = false;
    bool done_ = false;
};

}  // namespace load
