// SPDX-License-Identifier: GPL-2.0-or-later
//
// The host's end of one NVMe/TCP queue: bytes in, bytes out. It owns no socket and no clock; who
// uses it carries the bytes and decides how long to wait.
//
//   Queue queue(options);             output: ICReq
//   queue.receive(bytes)              ICResp is checked, then state() is kOpen
//   cid = queue.submit(command)       output: CapsuleCmd, with the data where the capsule takes it
//   queue.receive(bytes)              R2T is answered, C2HData collected
//   queue.take_completion()           status, results and data of a command that ended
//
// It refuses what Linux's nvme-tcp refuses, for the same reasons, so that a controller which passes
// here passes there: the probe of the boot client is built on it, and so are the load generator and
// the tests of our target.
//
// NVMe/TCP Transport Specification 1.0: 3.2 "Transport Binding", 3.6.2 "Transport PDU definitions".
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "host/command.h"
#include "nvme/pdu_reader.h"
#include "nvme/tcp_pdu.h"

namespace host {

struct QueueOptions {
    bool header_digest = false;
    bool data_digest = false;
    uint16_t max_commands = 128;  ///< at once
    /// Data that a capsule may carry; the admin queue's value, for an I/O queue IOCCSZ * 16 - 64.
    uint32_t in_capsule_len = nvme::kAdminInCapsuleBytes;
    uint32_t max_read_len = 1U << 20U;  ///< largest C2HData taken
};

/// How a command ended.
struct Completion {
    uint16_t cid = 0;
    nvme::Status status;
    uint32_t dw0 = 0;
    uint32_t dw1 = 0;
    uint16_t sqhd = 0;
    base::Bytes data;      ///< from the controller; short when it sent less
    base::Bytes data_out;  ///< the command's, given back
};

/// The part of an ICResp that Linux does not accept.
enum class HandshakeProblem : uint8_t {
    kNone,
    kNotIcResp,     ///< the answer is not an ICResp
    kVersion,       ///< PFV is not 0
    kAlignment,     ///< CPDA is not 0
    kMaxData,       ///< MAXH2CDATA below 4096 or no multiple of 4
    kHeaderDigest,  ///< not as asked for
    kDataDigest,    ///< not as asked for
};

class Queue final : private nvme::PduSink {
  public:
    enum class State : uint8_t {
        kHandshake,  ///< waits for ICResp
        kOpen,       ///< commands may be submitted
        kBroken,     ///< nothing more will come of it; problem() says why
    };

    explicit Queue(const QueueOptions& options);

    [[nodiscard]] State state() const { return state_; }
    /// One sentence; empty unless the queue is broken.
    [[nodiscard]] const std::string& problem() const { return problem_; }
    [[nodiscard]] HandshakeProblem handshake_problem() const { return handshake_problem_; }
    /// REQUIRES: state() was kOpen
    [[nodiscard]] const nvme::IcResp& ic_resp() const { return ic_resp_; }
    /// Commands that have not ended.
    [[nodiscard]] size_t outstanding() const {
        return options_.max_commands - free_.size() - done_.size();
    }

    /// Bytes from the controller, in pieces of any size. A broken queue ignores them.
    void receive(base::ByteView bytes);

    /// The bytes to send now; each call hands out bytes once. A broken queue may still have the
    /// TermReq that says why.
    /// @param spent  an output that has gone: its memory is used for the next one
    base::Bytes take_output(base::Bytes spent = {});

    /// @return the command's identifier; nothing when max_commands are outstanding, or the queue is
    /// not open. (What the controller sent behind an answer may have broken it already.)
    std::optional<uint16_t> submit(Command command);
    /// The oldest completion not taken yet. Its identifier may be given out again from now on.
    std::optional<Completion> take_completion();

    /// Data in capsules of the commands to come: known once Identify Controller is read.
    void set_in_capsule_len(uint32_t len) { options_.in_capsule_len = len; }

  private:
    /// A command that is on its way.
    struct Pending {
        bool active = false;
        bool digest_failed = false;  ///< a data digest was wrong: the data is worthless
        base::Bytes data_out;
        uint32_t granted = 0;  ///< bytes of data_out that R2Ts have asked for
        base::Bytes data_in;
        uint32_t received = 0;  ///< bytes of data_in that came
    };
    using Judgement = base::Result<base::Nothing, nvme::PduError>;

    // nvme::PduSink
    [[nodiscard]] nvme::ReceiveRules rules(nvme::PduType type) const override;
    base::Result<base::MutableBytes, nvme::PduError> on_header(
        base::ByteView header, const nvme::PduLayout& layout) override;
    Judgement on_pdu(bool intact) override;

    void receive_failed(nvme::PduError error);
    void on_ic_resp(const nvme::IcResp& pdu);
    void on_term_req(const nvme::TermReq& pdu);
    Judgement on_response(const nvme::CapsuleResp& pdu);
    base::Result<base::MutableBytes, nvme::PduError> on_data(const nvme::C2hData& pdu);
    Judgement on_r2t(const nvme::R2t& pdu);
    void send_data(const nvme::R2t& r2t, const Pending& command);
    void put(const nvme::FrameHead& head, base::ByteView data = {});
    void complete(uint16_t cid, const nvme::Cqe& cqe);
    Pending* find(uint16_t cid);
    void break_off(std::string problem);
    [[nodiscard]] nvme::Framing framing() const;

    QueueOptions options_;
    State state_ = State::kHandshake;
    HandshakeProblem handshake_problem_ = HandshakeProblem::kNone;
    std::string problem_;
    nvme::IcResp ic_resp_;
    nvme::PduReader reader_;
    base::Bytes quoted_;                 ///< of a TermReq: nobody looks at it
    std::optional<nvme::C2hData> data_;  ///< the data PDU at hand
    base::Bytes out_;
    std::vector<Pending> commands_;  ///< by command identifier
    std::vector<uint16_t> free_;     ///< identifiers not in use
    std::deque<Completion> done_;
};

/// Why Linux would not continue after this ICResp, as a sentence in `text`; kNone: it would.
HandshakeProblem check_ic_resp(const nvme::IcResp& pdu, const QueueOptions& options,
                               std::string& text);

}  // namespace host
