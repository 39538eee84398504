// SPDX-License-Identifier: GPL-2.0-or-later
//
// Asks one discovery controller for its log, from user space:
//
//   ICReq, Connect      as in a probe (probe.h); a controller that requires authentication is left
//   to
//                       the kernel, which can
//   CC.EN, CSTS.RDY     log pages are an enabled controller's
//   Get Log Page …      as nvme::DiscoveryReading asks
//   (close)
//
// Base Specification 2.0: 3.1.2.3 "Discovery Controller".
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "host/probe.h"
#include "nvme/discovery_log.h"

namespace host {

class Discovery final : public Conversation {
  public:
    /// @param options  their subsystem is the discovery service
    /// @param wanted  which subsystems are kept of its log; empty: all
    explicit Discovery(ProbeOptions options, nvme::DiscoveryReading::Filter wanted = {});

    base::Bytes take_output() override { return queue_.take_output(); }
    void receive(base::ByteView bytes) override;
    void closed() override { end("the target closed the connection"); }
    void timed_out() override;
    [[nodiscard]] bool ended() const override { return problem_ || reading_.done(); }

    /// The result of Connect; null if it was not answered.
    [[nodiscard]] const Verdict* verdict() const { return verdict_ ? &*verdict_ : nullptr; }
    /// It was connected and requires authentication, so that no log was read.
    [[nodiscard]] bool wants_authentication() const {
        return verdict_ && verdict_->kind == Verdict::Kind::kAccepted &&
               verdict_->connect.authentication_required;
    }
    /// The log, or one sentence. REQUIRES: ended()
    [[nodiscard]] base::Result<nvme::DiscoveryLog> log() const;

  private:
    /// The command in progress.
    enum class Step { kNone, kConnect, kEnable, kStatus, kRead };

    void submit(Step step, Command command);
    void on_completion(const Completion& completion);
    void on_status(const Completion& completion);
    void on_piece(const Completion& completion);
    void end(std::string problem);

    ProbeOptions options_;
    Queue queue_;
    Step step_ = Step::kNone;
    int status_polls_ = 0;
    std::optional<Verdict> verdict_;
    nvme::DiscoveryReading reading_;
    std::optional<std::string> problem_;
};

}  // namespace host
