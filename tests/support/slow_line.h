// SPDX-License-Identifier: GPL-2.0-or-later
//
// A connection of a host that reads on request, sends data on request, and keeps
// account: of each command that it sent one answer comes and no more, and no data comes that
// only another host may see. A violation ends the program, as a fuzzer requires.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "host/command.h"
#include "nvme/tcp_pdu.h"
#include "support/fake_clock.h"
#include "target/wire/session.h"

namespace support {

/// Ends the program where the target is wrong.
void require(bool condition);

class SlowLine final : public target::SessionOwner {
  public:
    /// @param forbidden  texts that no data for this host has in it
    SlowLine(target::SessionFactory& factory, const FakeClock& clock,
             std::vector<std::string> forbidden);

    void ready() override {}
    [[nodiscard]] bool over() const { return session_->wants_close(); }
    /// Whether the target takes bytes, and the host has places for commands.
    [[nodiscard]] bool may_send() const;

    void send(base::ByteView bytes);
    /// Sends a capsule. @param in_capsule  with its data; else R2Ts ask for it
    void submit(host::Command command, bool in_capsule = true);
    /// Takes as much of the output.
    void read(size_t bytes);
    /// Sends a part of what one of the outstanding R2Ts asked for, or all that is left of it.
    void send_data(size_t which, uint32_t most);
    void on_timer() { session_->on_timer(clock_.now()); }

    /// Sends ICReq, or a command, and reads everything. @return DW0 of a good answer
    void greet();
    std::optional<uint32_t> run(host::Command command);
    /// Reads everything and sends all that is asked for.
    void settle();

    /// Status numbers of all answers, as they came.
    [[nodiscard]] const std::vector<uint16_t>& answers() const { return answers_; }
    /// Commands without an answer, but for Asynchronous Event Requests.
    [[nodiscard]] size_t unanswered() const { return commands_.size(); }
    [[nodiscard]] size_t unread() const;

  private:
    struct Asked {
        uint16_t cid;
        uint16_t tag;
        uint32_t offset;
        uint32_t left;
    };

    bool take_pdu();
    void on_pdu(base::ByteView pdu);
    void on_answer(uint16_t cid, nvme::Status status, uint32_t dw0);

    static constexpr size_t kMostCommands = 14;

    const FakeClock& clock_;
    std::vector<std::string> forbidden_;
    std::unique_ptr<target::Session> session_;
    base::Bytes came_;
    std::map<uint16_t, base::Bytes> commands_;  ///< by CID: the data that they send
    std::map<uint16_t, bool> events_;           ///< CIDs of event requests
    std::vector<Asked> asked_;
    uint16_t next_cid_ = 0;
    std::vector<uint16_t> answers_;
    std::optional<uint32_t> last_dw0_;
};

}  // namespace support
