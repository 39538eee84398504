// SPDX-License-Identifier: GPL-2.0-or-later
//
// Asks one portal whether it would take us, before the kernel is let near it: a connect that stalls
// in the kernel sleeps for minutes and holds up every other connect of the machine.
//
//   ICReq ->  <- ICResp      is it NVMe/TCP, and would Linux accept its parameters?
//   Connect ->  <- status    is the subsystem there, is this host allowed, must it authenticate?
//   (close)
//
// The Connect makes a controller at the target. Closing the connection is how it goes: it was never
// enabled, so there is nothing to shut down, and a target that requires authentication first would
// refuse a Property Set of CC.SHN anyway.
//
// Bytes in, bytes out; who calls owns the socket and the deadline, and closes once there is a
// verdict.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "host/conversation.h"
#include "host/queue.h"

namespace host {

struct ProbeOptions {
    std::string hostnqn;
    std::string subsysnqn;
    nvme::HostId hostid;
    bool header_digest = false;
    bool data_digest = false;
    uint32_t kato_ms = 5000;
};

struct Verdict {
    enum class Kind : uint8_t {
        kAccepted,        ///< a controller was given
        kUnreachable,     ///< silent, or closed before it answered
        kNotNvme,         ///< something answers, but not NVMe/TCP
        kUnusable,        ///< parameters that Linux refuses
        kNoSubsystem,     ///< 182h at SUBNQN
        kHostNotAllowed,  ///< 184h, or 182h at HOSTNQN or HOSTID
        kBusy,            ///< 181h and other statuses without "do not retry": ask again later
        kRefused,         ///< any other status
        kProtocolError,   ///< it broke the protocol, or the connection, half-way
    };

    Kind kind = Kind::kUnreachable;
    std::string text;  ///< one sentence, without the portal
    HandshakeProblem handshake = HandshakeProblem::kNone;
    std::optional<nvme::Status> status;  ///< of Connect, once it completed
    nvme::ConnectResult connect;         ///< kAccepted only
};

/// The Connect of an admin queue that these options ask for.
Command connect(const ProbeOptions& options);
/// The meaning of the result of that Connect.
Verdict judge_connect(const Completion& completion, const ProbeOptions& options);
/// REQUIRES: queue.state() is kBroken
Verdict judge_broken_queue(const Queue& queue);

class Probe final : public Conversation {
  public:
    explicit Probe(ProbeOptions options);

    base::Bytes take_output() override { return queue_.take_output(); }
    void receive(base::ByteView bytes) override;
    void closed() override;
    void timed_out() override;
    [[nodiscard]] bool ended() const override { return verdict_.has_value(); }

    /// Null while the probe is in progress.
    [[nodiscard]] const Verdict* verdict() const { return verdict_ ? &*verdict_ : nullptr; }

  private:
    void conclude(Verdict::Kind kind, std::string text);

    ProbeOptions options_;
    Queue queue_;
    bool submitted_ = false;
    std::optional<Verdict> verdict_;
};

}  // namespace host
