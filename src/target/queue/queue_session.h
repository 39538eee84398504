// SPDX-License-Identifier: GPL-2.0-or-later
//
// One TCP connection, which in NVMe/TCP is one queue pair: PDUs in, PDUs out.
//
//   ICReq ─► ICResp ─► Connect ─► (authentication) ─► commands of the admin or an I/O queue
//
// A broken PDU ends the connection with a C2HTermReq that says what and where; everything else is
// answered with a status.
//
// NVMe/TCP Transport Specification 1.0: 3.2 "Connection Establishment", 3.4 "Data Transfer Model".
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>

#include "nvme/pdu_reader.h"
#include "target/controller/target.h"
#include "target/queue/queue.h"
#include "target/wire/session.h"

namespace target {

class QueueSession final : public Session, private nvme::PduSink {
  public:
    QueueSession(Target& target, SessionOwner& owner, Endpoints endpoints, base::TimePoint now);

    void receive(base::ByteView bytes, base::TimePoint now) override;
    [[nodiscard]] bool wants_input() const override;
    [[nodiscard]] size_t output(std::span<base::ByteView> segments) const override;
    void sent(size_t bytes) override;
    [[nodiscard]] bool wants_close() const override { return context_.closing; }
    [[nodiscard]] Standing standing() const override;
    [[nodiscard]] bool spreads() const override;
    [[nodiscard]] bool is_still() const override;
    void move_to(Lane& lane) override { dispatcher_.memory().move_to(lane); }
    [[nodiscard]] std::optional<base::TimePoint> next_deadline() const override;
    void on_timer(base::TimePoint now) override;
    void wind_down() override { dispatcher_.wind_down(); }

  private:
    // nvme::PduSink
    [[nodiscard]] nvme::ReceiveRules rules(nvme::PduType type) const override;
    base::Result<base::MutableBytes, nvme::PduError> on_header(
        base::ByteView header, const nvme::PduLayout& layout) override;
    base::Result<base::Nothing, nvme::PduError> on_pdu(bool intact) override;

    using Destination = base::Result<base::MutableBytes, nvme::PduError>;
    Destination on_ic_req(base::ByteView header);
    Destination on_capsule(base::ByteView header, const nvme::PduLayout& layout);
    Destination on_h2c_data(base::ByteView header, const nvme::PduLayout& layout);
    Destination on_term_req(base::ByteView header, const nvme::PduLayout& layout);

    [[nodiscard]] bool receives_late_data() const;
    [[nodiscard]] bool awaits_data() const;
    void give_up(nvme::PduError error);

    /// A PDU that is not the answer of a request.
    struct ControlPdu : OutPdu {
        base::Bytes bytes;
    };

    Queue queue_;
    QueueContext& context_;
    Dispatcher& dispatcher_;
    nvme::PduReader reader_;
    bool initialized_ = false;  ///< ICResp queued
    ControlPdu ic_resp_;
    ControlPdu term_req_;

    // the PDU at hand
    uint32_t pdu_data_ = 0;     ///< bytes of data in it
    R2tWindow::Part pdu_part_;  ///< of an H2CData: the R2T it answers
    std::array<std::byte, nvme::kMaxTermReqBytes> scratch_{};
};

/// Makes the sessions of one target.
class QueueFactory final : public SessionFactory {
  public:
    /// @param target  outlives this object and the sessions
    explicit QueueFactory(Target& target) : target_(target) {}
    std::unique_ptr<Session> make(SessionOwner& owner, Endpoints endpoints,
                                  base::TimePoint now) override;

  private:
    Target& target_;
};

}  // namespace target
