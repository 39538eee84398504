// SPDX-License-Identifier: GPL-2.0-or-later
//
// One TCP connection, which in NVMe/TCP is one queue pair. Takes PDUs, keeps the commands in
// flight, and gives PDUs:
//
//   ICReq ─► ICResp ─► Connect ─► (authentication) ─► commands of the admin or an I/O queue
//
// A broken PDU ends the connection with a C2HTermReq that says what and where; everything else is
// answered with a status. Memory for data is bounded for each queue: a command that would exceed
// the bound waits until others are answered.
//
// NVMe/TCP Transport Specification 1.0: 3.2 "Connection Establishment", 3.4 "Data Transfer Model".
#pragma once

#include <bitset>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <vector>

#include "nvme/pdu_reader.h"
#include "target/auth/auth.h"
#include "target/controller/command.h"
#include "target/controller/controller.h"
#include "target/controller/out_queue.h"
#include "target/controller/target.h"
#include "target/protection/integrity.h"
#include "target/wire/events.h"
#include "target/wire/session.h"

namespace target {

class Queue final : public Session, private nvme::PduSink {
  public:
    Queue(Target& target, SessionOwner& owner, Endpoints endpoints, base::TimePoint now);
    Queue(const Queue&) = delete;
    Queue& operator=(const Queue&) = delete;
    /// Requests still in a backend live on by themselves until done.
    ~Queue() override;

    void receive(base::ByteView bytes, base::TimePoint now) override;
    [[nodiscard]] bool wants_input() const override;
    [[nodiscard]] size_t output(std::span<base::ByteView> segments) const override;
    void sent(size_t bytes) override;
    [[nodiscard]] bool wants_close() const override { return closing_; }
    [[nodiscard]] Standing standing() const override;
    [[nodiscard]] bool spreads() const override {
        return qid_ != 0 && controller_ != nullptr && proved();
    }
    [[nodiscard]] bool is_still() const override;
    void move_to(Lane& lane) override;
    [[nodiscard]] std::optional<base::TimePoint> next_deadline() const override;
    void on_timer(base::TimePoint now) override;

    // --- for the commands

    [[nodiscard]] Target& target() { return target_; }
    [[nodiscard]] const Target& target() const { return target_; }
    /// Null before Connect.
    [[nodiscard]] Controller* controller() const { return controller_; }
    [[nodiscard]] uint16_t qid() const { return qid_; }
    [[nodiscard]] const Endpoints& endpoints() const { return endpoints_; }
    [[nodiscard]] base::TimePoint now() const { return now_; }
    /// No command is under way.
    [[nodiscard]] bool is_idle() const { return unanswered_ == 0; }
    /// No authentication has to come first any more.
    [[nodiscard]] bool proved() const { return keys_ == nullptr || authenticated_; }
    /// It only asks what there is, and has not proved who it is.
    [[nodiscard]] bool is_visitor() const;

    /// The maximum of memory for one command in addition to its payload.
    static constexpr size_t kScratchBytes = Namespace::kCopyBytes;

    /// The counters of this queue; they are in use when this is called from another lane.
    [[nodiscard]] IoCounters& counters() { return counters_; }
    [[nodiscard]] const IoCounters& counters() const { return counters_; }
    /// When the last command came.
    [[nodiscard]] base::TimePoint last_command() const { return last_command_; }
    /// Has control do `next`, which has to judge the request again: much may change before.
    void refer(Request& request, std::function<void(Request& request)> next);
    /// Judges a command again that has waited. If the command is no longer allowed, it gets a fate.
    void look_again(Request& request);
    /// The same. @return whether it may continue; if not, it is answered
    bool may_go_on(Request& request);
    /// Binds a command to the namespace that it names: it is judged for that one, and for no other
    /// that may take its number. @return success, or why it cannot reach it
    nvme::Status bind(Request& request) const;
    /// A fault that a command found in what its host sent.
    void report(const IntegrityFault& fault, const std::shared_ptr<Namespace>& ns);

    /// The answer of a request; its data, if it moves some to the host, is in the buffer.
    void complete(Request& request, nvme::Status status, uint64_t result = 0);

    /// The answer of an attempt to get in that failed: it is held back for as long as the target
    /// says, and nothing else is done for the host meanwhile. @param ends  then the connection ends
    void fail_attempt(Request& request, nvme::Status status, uint64_t result, bool ends);

    /// Whether the peer, as it was introduced, has not failed too often recently.
    [[nodiscard]] bool may_try() const {
        return target_.attempts().may_try(endpoints_.peer_address, hostnqn_, now_);
    }
    /// The claimed identity of the peer, for events and for counting its failures.
    void introduce(std::string_view hostnqn, std::string_view subnqn);
    /// Connect succeeded. @param sqsize  0's based
    void connected(Controller& controller, const nvme::ConnectSqe& connect,
                   std::shared_ptr<const HostKeys> keys);
    [[nodiscard]] const std::shared_ptr<const HostKeys>& keys() const { return keys_; }
    /// The negotiation under way; a new one where there was none.
    Authentication& authenticate();
    [[nodiscard]] const Authentication* authentication() const { return authentication_.get(); }
    /// The last authentication of the host; none: it did not authenticate.
    [[nodiscard]] const std::optional<Agreement>& agreement() const { return agreement_; }
    [[nodiscard]] base::TimePoint connected_at() const { return connected_at_; }
    [[nodiscard]] bool data_digest() const { return framing_.data_digest; }
    /// Does the work of the negotiation, and then answers the request that made it necessary. An
    /// exchange that the host does not bring to its end counts as a failed attempt.
    void compute(Request& request);
    /// Handles the result of an authentication message, after it was answered.
    void authentication_moved(Authentication::Outcome outcome);

    /// Keeps an Asynchronous Event Request until an event comes. @return false: too many are kept
    bool keep_async_event(Request& request);
    /// Answers one that is kept as aborted. @return false: none has this CID
    bool abort_async_event(uint16_t cid);
    void drop_async_events();
    /// Answers kept requests as long as there are events to tell.
    void deliver_async_events();
    /// Ends an I/O command at once, unless a backend has it: then it ends when that gives it back,
    /// and a write may have been done. @return whether it has been answered; false too where none
    /// in flight has this CID
    bool abort(uint16_t cid);
    /// As abort(), all I/O commands on a namespace but `except`.
    void abort_all(uint32_t nsid, const Request& except);
    /// Ends a command for which there are too many others; the host may try again.
    void give_way(Request& request);
    /// Ends what waits for others, so that nothing keeps the server from an orderly end.
    void wind_down() override;

    /// The controller is gone: this queue closes.
    void controller_lost(std::string_view reason);
    void tell(Event::Kind kind, std::string detail);

  private:
    friend class Request;
    friend class RequestPdu;

    /// Maximum number of requests of one queue: the bits of a transfer tag without the number of a
    /// part.
    static constexpr size_t kSlots = 4096;
    static_assert(kSlots * R2tWindow::kTags == size_t{UINT16_MAX} + 1);

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

    void computed(Request& request);
    void abandon_authentication(bool counts);
    void tell_failure();

    [[nodiscard]] bool needs_control(const Request& request);
    void note_error(const Request& request, nvme::Status status);
    void dispatch(Request& request, bool intact);
    nvme::Status fuse(Request& request);
    void forget_fused(Request& request, nvme::Status why);
    void execute_fused(Request& request);
    bool doom(Request& request, nvme::Status fate);
    void end_early(Request& request, nvme::Status status);
    nvme::Status prepare(Request& request);
    /// The row for a command, or the status that says why it is not run here and now.
    base::Result<const CommandEntry*, nvme::Status> find_command(const nvme::Sqe& sqe) const;
    /// Moves in-capsule data to the front of the buffer.
    nvme::Status take_capsule_data(Request& request);
    [[nodiscard]] Checked judge(Request& request) const;
    static void put_aside(Request& request);
    void start(Request& request);
    [[nodiscard]] bool has_own_room(const Request& request) const;
    [[nodiscard]] bool has_room(const Request& request) const;
    void count_memory();
    void wait_for_memory();
    void start_waiting();
    void transfer(Request& request);
    void send_r2ts(Request& request);
    [[nodiscard]] static bool is_fused(const Request& request) {
        return (request.sqe.flags & nvme::Sqe::kFusedMask) != 0;
    }
    void execute(Request& request);
    void backend_done(Request& request, IoError error);
    void turn_came(Request& request);
    void pdu_sent(Request& request);

    [[nodiscard]] bool awaits_data() const;
    [[nodiscard]] bool receives_late_data() const;
    [[nodiscard]] base::TimePoint transfer_deadline() const;
    [[nodiscard]] bool transfers_move();

    Request* take_async_request(uint16_t cid);
    bool claim_cid(Request& request);
    void give_up_cid(Request& request);
    Request* new_request(const nvme::Sqe& sqe);
    [[nodiscard]] bool may_begin(bool beside) const;
    void not_unanswered(const Request& request);
    void release(Request& request);
    void await_late_data(Request& request);
    base::MutableBytes place_for_late_data(Request& request, size_t size);
    void take_late_data(Request& request);
    void take_buffer(Buffer& buffer, size_t size);
    void free_buffer(Buffer& buffer);
    [[nodiscard]] bool is_sated() const;
    void take_capsule(Request& request, size_t size);
    /// Of the request's data; also where it came with the command.
    void free_data(Request& request);
    void stop_counting_memory();

    void send(OutPdu& pdu);
    void give_up(nvme::PduError error);
    /// Orderly: what is queued still goes out.
    void close(Event::Kind kind, std::string reason);
    [[nodiscard]] size_t request_limit() const;
    [[nodiscard]] bool step_pending() const;

    /// A PDU that is not the answer of a request.
    class ControlPdu final : public OutPdu {
      public:
        void on_sent() override {}
        base::Bytes bytes;
    };

    Target& target_;
    Lane* lane_;  ///< whose thread calls; only in the turns of control another one may
    SessionOwner& owner_;
    Endpoints endpoints_;
    base::TimePoint now_;
    nvme::PduReader reader_;
    OutQueue out_;
    ControlPdu ic_resp_;
    ControlPdu term_req_;

    // the connection
    bool initialized_ = false;  ///< ICResp queued
    bool closing_ = false;
    nvme::Framing framing_;     ///< of what we send
    uint32_t r2t_limit_ = 1;    ///< R2Ts of one command that may be outstanding
    base::TimePoint deadline_;  ///< until the host has to have connected, or authenticated
    base::TimePoint last_step_;

    // the PDU at hand
    Request* pdu_request_ = nullptr;  ///< null: a PDU that belongs to none
    uint32_t pdu_data_ = 0;           ///< bytes of data in it
    R2tWindow::Part pdu_part_;        ///< of an H2CData: the R2T it answers
    std::array<std::byte, nvme::kMaxTermReqBytes> scratch_{};

    // the queue pair
    Controller* controller_ = nullptr;
    std::string hostnqn_;
    std::string subnqn_;
    uint16_t cntlid_ = 0;
    uint16_t qid_ = 0;
    uint16_t sqsize_ = 0;  ///< 0's based
    uint16_t sqhd_ = 0;
    bool flow_control_ = true;
    bool authenticated_ = false;
    std::shared_ptr<const HostKeys> keys_;  ///< null: this queue need not authenticate
    std::unique_ptr<Authentication> authentication_;
    std::optional<Agreement> agreement_;
    /// The answer of a failed attempt, until it is sent.
    struct HeldFailure {
        Request* request = nullptr;
        nvme::Status status;
        uint64_t result = 0;
        bool ends = false;
        base::TimePoint at;
    };
    std::optional<HeldFailure> held_failure_;
    bool computing_ = false;
    Labor::Id labor_ = 0;  ///< what is computed
    /// What work that is under way knows of this queue; null once the queue is gone.
    std::shared_ptr<Queue*> self_;
    base::TimePoint connected_at_;

    // commands
    std::vector<std::unique_ptr<Request>> requests_;  ///< by slot
    std::vector<uint16_t> free_;
    using CidSet = std::bitset<size_t{UINT16_MAX} + 1>;
    std::unique_ptr<CidSet> cids_;         ///< of the commands in flight, from Connect on
    size_t unanswered_ = 0;                ///< commands without an answer in the output
    size_t beside_ = 0;                    ///< of those, what takes no entry of the queue
    size_t transferring_ = 0;              ///< with data to come, late_ among them
    std::deque<Request*> late_;            ///< that were ended meanwhile, in order
    base::TimePoint transfers_since_;      ///< when their progress was last looked at
    uint64_t transfers_owed_ = 0;          ///< bytes that were to come then
    uint64_t transfers_came_ = 0;          ///< bytes since then
    std::deque<Request*> waiting_;         ///< for memory, in order
    size_t buffered_ = 0;                  ///< bytes of memory that requests hold
    size_t capsule_bytes_ = 0;             ///< of those, what came with commands
    std::shared_ptr<MemoryShare> memory_;  ///< where they are counted; null: not connected yet
    bool awaits_memory_ = false;           ///< of the lane
    bool starts_waiting_ = false;          ///< start_waiting() is under way
    std::vector<Request*> async_events_;
    IoCounters counters_;
    base::TimePoint last_command_;
    bool behind_fused_ = false;       ///< the command before was a first half, and was referred
    Request* fused_first_ = nullptr;  ///< waits for the next command, its other half
    bool fused_failed_ = false;       ///< the command before was a first half and has ended
};

}  // namespace target
