// SPDX-License-Identifier: GPL-2.0-or-later
//
// The commands of one queue, from their capsule to their answer (request.h). Memory for data is
// bounded for each queue: a command that would exceed the bound waits until others are answered.
//
// A queue that runs on a lane of its own (lane.h) leaves commands that change what lanes share to
// control, and what there is to keep or to tell of those that it runs itself.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <string>

#include "nvme/types.h"
#include "target/queue/async_event_requests.h"
#include "target/queue/data_transfers.h"
#include "target/queue/fused_pair.h"
#include "target/queue/queue_context.h"
#include "target/queue/queue_memory.h"
#include "target/queue/request.h"
#include "target/queue/request_pool.h"

namespace target {

class Dispatcher {
  public:
    /// @param context  outlives this object. @param make  makes a request that calls backend_done()
    ///                 and turn_came()
    Dispatcher(QueueContext& context, RequestPool::Make make)
        : context_(context), memory_(context), requests_(std::move(make)), transfers_(requests_) {}
    Dispatcher(const Dispatcher&) = delete;
    Dispatcher& operator=(const Dispatcher&) = delete;
    /// Requests still in a backend live on by themselves until done.
    ~Dispatcher() { requests_.let_go(); }

    /// Connect succeeded.
    void connected(const nvme::ConnectSqe& connect);

    // --- PDUs

    /// A capsule begins to come. @return null: the host sends more commands than it may
    Request* begin(const nvme::Sqe& sqe, size_t capsule_bytes);
    /// The capsule is here. @param intact  its data has the digest that it came with
    void dispatch(Request& request, bool intact);
    /// The place for data that the host was asked for. @param offset  in the whole transfer
    base::MutableBytes place_for_data(Request& request, uint32_t offset, uint32_t size);
    void take_data(Request& request, const R2tWindow::Part& part, uint32_t bytes, bool intact);
    /// A PDU of the request has gone.
    void pdu_sent(Request& request);

    // --- for the commands

    /// Judges a command again that has waited. If the command is no longer allowed, it gets a fate.
    void look_again(Request& request);
    /// The same. @return whether it may continue; if not, it is answered
    bool may_go_on(Request& request);
    /// Has control do `next`, which has to judge the request again: much may change before.
    void refer(Request& request, std::function<void(Request& request)> next);
    /// The answer of a request; its data, if it moves some to the host, is in the buffer.
    void complete(Request& request, nvme::Status status, uint64_t result = 0);
    /// Ends a command for which there are too many others; the host may try again.
    void give_way(Request& request) { (void)doom(request, nvme::status::kCommandInterrupted); }

    // --- what becomes of a request elsewhere

    void backend_done(Request& request, IoError error);
    /// It is the turn of a write that had to wait.
    void turn_came(Request& request);

    // --- for the queue

    /// @see AttachedQueue
    bool abort(uint16_t cid);
    void abort_all(uint32_t nsid, const Io& except);
    /// Ends what waits for others, so that nothing keeps the server from an orderly end.
    void wind_down();
    /// Its host has brought enough data with commands: no more are to be read for now.
    [[nodiscard]] bool is_sated() const;
    /// Forgets a request without an answer.
    void release(Request& request);
    [[nodiscard]] QueueMemory& memory() { return memory_; }
    [[nodiscard]] RequestPool& requests() { return requests_; }
    [[nodiscard]] const RequestPool& requests() const { return requests_; }
    [[nodiscard]] DataTransfers& transfers() { return transfers_; }
    [[nodiscard]] const DataTransfers& transfers() const { return transfers_; }
    [[nodiscard]] AsyncEventRequests& events() { return events_; }

  private:
    void run(Request& request, bool intact);
    nvme::Status prepare(Request& request);
    nvme::Status take_capsule_data(Request& request);
    bool claim_cid(Request& request);
    void start(Request& request);
    void start_waiting();
    void wait_for_memory();
    void transfer(Request& request);
    void send_r2ts(Request& request);
    void execute(Request& request);
    void execute_fused(Request& request);
    bool doom(Request& request, nvme::Status fate);
    void end_early(Request& request, nvme::Status status);
    void note_error(const Request& request, nvme::Status status);

    QueueContext& context_;
    uint16_t sqsize_ = 0;  ///< 0's based
    uint16_t sqhd_ = 0;
    bool flow_control_ = true;
    QueueMemory memory_;
    RequestPool requests_;
    DataTransfers transfers_;
    FusedPair fused_;
    AsyncEventRequests events_;
    std::deque<Request*> waiting_;  ///< for memory, in order
    bool starts_waiting_ = false;   ///< start_waiting() is under way
};

}  // namespace target
