// SPDX-License-Identifier: GPL-2.0-or-later
//
// The data that the host of one queue was asked for: whether it comes fast enough, and what becomes
// of data whose command was ended meanwhile. A host may owe the data of many writes, and a slow
// network brings one after the other: so what counts is the progress of all of them together.
//
// NVMe/TCP Transport Specification 1.0: 3.3.2 "Data Transfer".
#pragma once

#include <cstdint>
#include <deque>

#include "base/clock.h"
#include "target/queue/r2t_window.h"
#include "target/queue/request.h"
#include "target/queue/request_pool.h"

namespace target {

class DataTransfers {
  public:
    /// @param requests  outlives this object
    explicit DataTransfers(const RequestPool& requests) : requests_(requests) {}

    /// The data of a command is going to be asked for. @see R2tWindow::start
    void start(Request& request, uint32_t part_bytes, uint32_t limit, base::TimePoint now);
    /// Frames as many R2Ts as the host takes now. @return bytes at the front of r2t_bytes
    static size_t ask(Request& request, const nvme::Framing& framing);
    /// The request that a transfer tag was given to, and the part that the tag asked for.
    struct Asked {
        Request* request = nullptr;  ///< null: no such part is outstanding
        R2tWindow::Part part;
    };
    [[nodiscard]] Asked find(uint16_t ttag) const;
    /// Some of a part has come.
    void take(Request& request, const R2tWindow::Part& part, uint32_t bytes);
    /// Nothing more is awaited for a command: all has come, or it is given up.
    void end() { --count_; }
    /// Nothing was asked for.
    [[nodiscard]] bool is_empty() const { return count_ == 0; }

    /// A command was ended before the host has sent all that it was asked for. The host may not
    /// know that yet, so nothing else is asked for by the same transfer tags.
    /// @param incoming  whose data is just coming in
    /// @return a request that was kept too long, of a host that does not send the rest, and is not
    ///         kept any more; null: there is none
    Request* keep_late(Request& request, const Request* incoming);
    void forget_late(Request& request) { std::erase(late_, &request); }
    [[nodiscard]] size_t late() const { return late_.size(); }
    /// Data of a command that was ended begins to come.
    void expect_late(size_t bytes, base::TimePoint now);

    /// Whether a host owes data that it has to send; it need not send that of a command that it
    /// gave up.
    [[nodiscard]] bool are_awaited() const { return count_ > late_.size(); }
    [[nodiscard]] base::TimePoint deadline() const;
    /// Whether enough came since this was last asked. @param late_bytes  of a PDU that has begun
    bool move(uint64_t late_bytes, base::TimePoint now);

  private:
    const RequestPool& requests_;
    size_t count_ = 0;           ///< requests with data to come, late_ among them
    std::deque<Request*> late_;  ///< that were ended meanwhile, in order
    base::TimePoint since_;      ///< when the progress was last looked at
    uint64_t owed_ = 0;          ///< bytes that were to come then
    uint64_t came_ = 0;          ///< bytes since then
};

}  // namespace target
