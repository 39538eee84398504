// SPDX-License-Identifier: GPL-2.0-or-later
//
// The host's side of DH-HMAC-CHAP, for tests: authenticates to a controller and checks the
// controller's proof, with every hash and group, or misbehaves in one chosen way. Written only from
// the specification, so that a mistake in our target's side does not cancel out.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "nvme/dhchap.h"

namespace support {

struct DhchapHostOptions {
    std::string hostnqn;
    std::string subsysnqn;
    std::string secret;             ///< the host's, DHHC-1 form
    std::string controller_secret;  ///< empty: the controller need not authenticate
    std::vector<nvme::HashId> hashes{nvme::kHashes.begin(), nvme::kHashes.end()};
    std::vector<nvme::DhGroup> groups{nvme::kDhGroups.begin(), nvme::kDhGroups.end()};
    uint16_t transaction = 1;
};

enum class Misbehaviour : uint8_t {
    kNone,
    kWrongResponse,       ///< one bit of the response is flipped
    kTruncatedReply,      ///< the last byte of Reply is missing
    kOtherTransaction,    ///< Reply belongs to another transaction
    kOtherHashLength,     ///< Reply is laid out for another hash
    kPublicZero,          ///< g^y is 0
    kPublicOne,           ///< … 1
    kPublicPrimeLessOne,  ///< … p - 1
    kPublicPrime,         ///< … p
    kPublicTooShort,      ///< … four bytes shorter than the group's values
    kSkipReply,           ///< Success2 comes instead of Reply
};

class DhchapHost {
  public:
    enum class State : uint8_t {
        kStarted,        ///< waits for Challenge
        kReplied,        ///< waits for Success1
        kAuthenticated,  ///< all proofs asked for were given
        kFailed,         ///< problem() says why
    };

    /// Throws std::runtime_error when a secret is malformed.
    explicit DhchapHost(const DhchapHostOptions& options,
                        Misbehaviour misbehaviour = Misbehaviour::kNone);

    /// The message to begin with.
    [[nodiscard]] base::Bytes negotiate() const;
    /// The message to send after `message` came from the controller; empty: nothing more.
    base::Bytes answer(base::ByteView message);

    [[nodiscard]] State state() const { return state_; }
    [[nodiscard]] const std::string& problem() const { return problem_; }
    /// The Failure1 that came.
    [[nodiscard]] const std::optional<nvme::AuthFailureMessage>& failure() const {
        return failure_;
    }
    /// The Challenge that came.
    [[nodiscard]] const nvme::AuthChallenge& challenge() const { return challenge_; }
    /// The Reply that was sent.
    [[nodiscard]] const base::Bytes& reply() const { return reply_; }
    /// Sends this instead of a Reply of its own: one recorded in another session.
    void replay(base::Bytes reply) { replayed_ = std::move(reply); }

  private:
    base::Bytes answer_challenge(base::ByteView message);
    base::Bytes answer_success(base::ByteView message);
    base::Bytes give_up(nvme::AuthFailure reason, std::string problem);
    void misbehave(nvme::AuthReply& reply, base::Bytes& wire) const;
    [[nodiscard]] base::Bytes response(const nvme::DhchapSecret& secret, base::ByteView challenge,
                                       uint32_t sequence, bool host) const;

    DhchapHostOptions options_;
    Misbehaviour misbehaviour_;
    nvme::DhchapSecret secret_;
    std::optional<nvme::DhchapSecret> controller_secret_;
    State state_ = State::kStarted;
    std::string problem_;
    nvme::AuthChallenge challenge_;
    base::Bytes session_key_;  ///< g^xy
    base::Bytes own_challenge_;
    base::Bytes reply_;
    std::optional<base::Bytes> replayed_;
    std::optional<nvme::AuthFailureMessage> failure_;
};

}  // namespace support
