// SPDX-License-Identifier: GPL-2.0-or-later
//
// DH-HMAC-CHAP, the controller's side: one negotiation of one queue. Messages in through
// Authentication Send, out through Authentication Receive; an invalid message from the host is
// answered by a Failure1 to the next Receive, after which the connection ends.
//
// The host's response is  HMAC_h(Kt, Ca || S || T_ID || SC_C || "HostHost" || HostNQN || 00 ||
// SubNQN) where Ca is the challenge C1, or with a DH group HMAC_h(h(g^xy), C1), and Kt is the
// secret's key, bound to its owner's NQN where the secret asks for that. Ours has "Controller", its
// own secret, C2 and the NQNs in the other order.
//
// Base Specification 2.0: 8.13.5 "DH-HMAC-CHAP Protocol".
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "nvme/dhchap.h"
#include "target/auth/crypto.h"
#include "target/auth/host_keys.h"

namespace target {

/// The parameters of a successful authentication.
struct Agreement {
    nvme::HashId hash = nvme::HashId::kSha256;
    nvme::DhGroup group = nvme::DhGroup::kNull;
    bool mutual = false;       ///< we proved ourselves too
    bool by_next_key = false;  ///< the host used HostKeys::next_host
};

class Authentication {
  public:
    enum class Outcome : uint8_t {
        kPending,
        kComputing,  ///< take_work() is to be done, and work_done() to be called
        kAuthenticated,
        kFailed,  ///< Failure1 is on its way or Failure2 came: end the connection
    };

    /// @param sequence  S1: not 0, and another one each time
    Authentication(std::shared_ptr<const HostKeys> keys, std::string hostnqn, std::string subnqn,
                   uint32_t sequence);

    /// A message from the host.
    Outcome receive(base::ByteView message);

    /// Arithmetic of milliseconds. It may be done on another thread and outlive this object.
    [[nodiscard]] std::function<void()> take_work();
    Outcome work_done();

    /// How long the next message to the host is.
    [[nodiscard]] size_t pending_bytes() const;
    struct Message {
        base::Bytes bytes;
        Outcome outcome;
    };
    /// The next message to the host; it is taken to have arrived.
    Message produce();

    /// A message of the host has come, and it is not over.
    [[nodiscard]] bool is_under_way() const {
        return state_ != State::kNegotiate && state_ != State::kOver;
    }

    /// For the log: what was agreed on, or what went wrong.
    [[nodiscard]] const std::string& detail() const { return detail_; }
    [[nodiscard]] Agreement agreement() const { return {hash_, group_, mutual_, used_next_}; }

  private:
    enum class State : uint8_t {
        kNegotiate,  ///< waits for Negotiate
        kMakingKey,  ///< Challenge needs a DH key
        kChallenge,  ///< Challenge is to be fetched
        kReply,      ///< waits for Reply
        kMixing,     ///< Reply needs the shared secret
        kSuccess1,   ///< Success1 is to be fetched
        kSuccess2,   ///< waits for Success2
        kFailure1,   ///< Failure1 is to be fetched
        kOver,
    };
    using Step = nvme::AuthResult<base::Nothing>;

    /// One Diffie-Hellman exchange, shared with the work on it: the worker touches
    /// nothing else.
    struct Exchange {
        std::optional<base::Result<crypto::DhKey>> key;
        std::optional<base::Result<base::Bytes>> secret;
    };

    /// Makes a Failure1 of what went wrong.
    Outcome settle(const Step& step);
    Step on_negotiate(base::ByteView message);
    Step on_reply(base::ByteView message);
    Step take_secret();
    Step judge_reply();
    Step on_success2(base::ByteView message);
    Outcome on_failure2(base::ByteView message);
    Step make_challenge();
    nvme::AuthResult<base::Bytes> response(const nvme::DhchapSecret& secret, bool to_host,
                                           base::ByteView challenge, uint32_t sequence) const;
    nvme::AuthResult<bool> proves(const nvme::DhchapSecret& secret,
                                  const nvme::AuthReply& reply) const;
    Step prove_ourselves(const nvme::AuthReply& reply);
    Step fail(nvme::AuthFailure failure, std::string detail);
    void set_pending(State state, base::Bytes message);

    std::shared_ptr<const HostKeys> keys_;
    std::string hostnqn_;
    std::string subnqn_;
    uint32_t sequence_;
    State state_ = State::kNegotiate;
    std::string detail_;
    uint16_t transaction_ = 0;
    nvme::HashId hash_ = nvme::HashId::kSha256;
    nvme::DhGroup group_ = nvme::DhGroup::kNull;
    std::shared_ptr<Exchange> exchange_;  ///< null with the null group
    std::function<void()> work_;
    std::optional<nvme::AuthReply> reply_;
    base::Bytes session_key_;  ///< h(g^xy); empty with the null group
    base::Bytes challenge_;    ///< C1
    bool mutual_ = false;
    bool used_next_ = false;  ///< the host authenticated with keys_->next_host
    base::Bytes pending_;     ///< the message to be fetched
};

}  // namespace target
