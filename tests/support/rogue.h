// SPDX-License-Identifier: GPL-2.0-or-later
//
// A target that misbehaves in one chosen way, made of the real one by putting a filter around its
// sessions and a liar before its access policy. For proving that a host is not taken in.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "nvme/tcp_pdu.h"
#include "nvme/types.h"
#include "target/operate/service.h"

namespace support {

enum class Quirk : uint8_t {
    kNoAuth,              ///< has keys, never asks for authentication, cannot do one
    kAdminOnlyAuth,       ///< the same on I/O queues alone
    kRvalid0,             ///< never authenticates: Success1 without a response
    kRvalid0Io,           ///< the same on I/O queues alone
    kSilentAfterIcReq,    ///< says nothing from ICReq on
    kSilentAfterConnect,  ///< says nothing from Connect on
    kSilentInAuth,        ///< says nothing from the first Authentication Receive on
    kSilentInIdentify,    ///< says nothing from the first Identify on
    kSilentAtIoConnect,   ///< says nothing to the Connect of an I/O queue
    kSlowReads,           ///< honest, from a slow disk: each Read of an I/O queue waits 20 ms
    kSilentIo,  ///< loses Reads, Writes and all other commands of an I/O queue but Fabrics commands
    kWrongDigest,     ///< no data that it sends fits its digest
    kWrongIoDigest,   ///< the same on I/O queues alone
    kWrongCommandId,  ///< answers Reads of commands that nobody sent
};

/// By the name the tests give it: `no-auth`, `rvalid0`…
std::optional<Quirk> find_quirk(std::string_view name);
std::vector<std::string_view> quirk_names();

class Rogue final : public target::Interposer,
                    public target::AccessPolicy,
                    public target::SessionFactory {
  public:
    explicit Rogue(Quirk quirk) : quirk_(quirk) {}

    const target::AccessPolicy& access(const target::AccessPolicy& inner) override;
    target::SessionFactory& sessions(target::SessionFactory& inner) override;

    [[nodiscard]] bool may_connect(std::string_view hostnqn,
                                   const target::SubsystemConfig& subsystem) const override;
    [[nodiscard]] std::shared_ptr<const target::HostKeys> keys(
        std::string_view hostnqn, const target::SubsystemConfig& subsystem,
        uint16_t qid) const override;
    std::unique_ptr<target::Session> make(target::SessionOwner& owner, target::Endpoints endpoints,
                                          base::TimePoint now) override;

  private:
    Quirk quirk_;
    const target::AccessPolicy* policy_ = nullptr;
    target::SessionFactory* factory_ = nullptr;
};

/// The filter around one session: looks at each PDU of the host before the session does.
class RogueSession final : public target::Session {
  public:
    RogueSession(Quirk quirk, std::unique_ptr<target::Session> inner)
        : quirk_(quirk), inner_(std::move(inner)) {}

    void receive(base::ByteView bytes, base::TimePoint now) override;
    [[nodiscard]] bool wants_input() const override { return silent_ || inner_->wants_input(); }
    [[nodiscard]] size_t output(std::span<base::ByteView> segments) const override;
    void sent(size_t bytes) override;
    [[nodiscard]] bool wants_close() const override { return !silent_ && inner_->wants_close(); }
    [[nodiscard]] target::Standing standing() const override { return inner_->standing(); }
    [[nodiscard]] std::optional<base::TimePoint> next_deadline() const override;
    void on_timer(base::TimePoint now) override;

  private:
    enum class Fate {
        kPass,
        kWait,     ///< then it passes
        kLose,     ///< the PDU alone
        kSilence,  ///< from here on
    };
    /// Changes a whole PDU of the host as the quirk requires.
    Fate look_at(base::MutableBytes pdu);
    Fate look_at_capsule(base::MutableBytes pdu);
    [[nodiscard]] Fate fate_of(const nvme::Sqe& sqe) const;
    void forget_challenge(base::MutableBytes pdu) const;
    [[nodiscard]] bool changes_output() const { return quirk_ >= Quirk::kWrongDigest; }
    void take_output() const;
    void change(base::MutableBytes pdu) const;

    /// A PDU of the host that the session has not seen yet.
    struct Waiting {
        base::TimePoint until;
        base::Bytes pdu;
    };

    Quirk quirk_;
    std::unique_ptr<target::Session> inner_;
    base::Bytes pending_;  ///< the beginning of a PDU
    std::deque<Waiting> waiting_;
    /// The session's output, changed in its first `changed_` bytes; what output() shows.
    mutable base::Bytes out_;
    mutable size_t changed_ = 0;
    bool io_queue_ = false;
    std::set<uint16_t> io_commands_;  ///< identifiers last used for I/O, not for authentication
    bool silent_ = false;
};

}  // namespace support
