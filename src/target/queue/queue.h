// SPDX-License-Identifier: GPL-2.0-or-later
//
// One queue pair, without its PDUs: what its controller and the functions of its commands ask of
// it.
//
//   queue_session: PDUs ─► dispatcher: requests ─► commands ─► answers
//                                                     │ auth_session: Connect, authentication
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "target/controller/attached_queues.h"
#include "target/controller/controller.h"
#include "target/controller/subsystem.h"
#include "target/controller/target.h"
#include "target/queue/auth_session.h"
#include "target/queue/dispatcher.h"
#include "target/queue/queue_context.h"

namespace target {

class Queue final : public AttachedQueue {
  public:
    /// The maximum of memory for one command in addition to its payload.
    static constexpr size_t kScratchBytes = Namespace::kCopyBytes;

    Queue(Target& target, SessionOwner& owner, Endpoints endpoints, base::TimePoint now);
    Queue(const Queue&) = delete;
    Queue& operator=(const Queue&) = delete;
    /// Requests still in a backend live on by themselves until done.
    ~Queue();

    [[nodiscard]] QueueContext& context() { return context_; }
    [[nodiscard]] const QueueContext& context() const { return context_; }
    [[nodiscard]] Dispatcher& dispatcher() { return dispatcher_; }
    [[nodiscard]] const Dispatcher& dispatcher() const { return dispatcher_; }
    [[nodiscard]] AuthSession& auth() { return auth_; }
    [[nodiscard]] const AuthSession& auth() const { return auth_; }

    [[nodiscard]] Target& target() const { return context_.target; }
    /// Null before Connect.
    [[nodiscard]] Controller* controller() const { return context_.controller; }
    /// REQUIRES: there is a controller
    [[nodiscard]] Subsystem& subsystem() const { return *context_.subsystem; }
    [[nodiscard]] base::TimePoint now() const { return context_.now; }

    // --- AttachedQueue

    [[nodiscard]] uint16_t qid() const override { return context_.qid; }
    [[nodiscard]] const Endpoints& endpoints() const override { return context_.endpoints; }
    [[nodiscard]] bool proved() const override { return context_.proved(); }
    [[nodiscard]] bool has_keys() const override { return context_.keys != nullptr; }
    [[nodiscard]] bool is_visitor() const override { return context_.is_visitor(); }
    [[nodiscard]] bool is_idle() const override;
    [[nodiscard]] base::TimePoint last_step() const override;
    [[nodiscard]] base::TimePoint last_command() const override { return context_.last_command; }
    [[nodiscard]] const IoCounters& counters() const override { return context_.counters; }
    [[nodiscard]] IoCounters& counters() { return context_.counters; }
    [[nodiscard]] Details details() const override;
    void deliver_async_events() override;
    void drop_async_events() override;
    bool abort_async_event(uint16_t cid) override;
    bool abort(uint16_t cid) override { return dispatcher_.abort(cid); }
    void abort_all(uint32_t nsid, const Io& except) override;
    void controller_lost(std::string_view reason) override;

    // --- for the commands

    /// The claimed identity of the peer, for events and for counting its failures.
    void introduce(std::string_view hostnqn, std::string_view subnqn);
    /// Connect succeeded. @param keys  null: this queue need not authenticate
    void connected(Controller& controller, Subsystem& subsystem, const nvme::ConnectSqe& connect,
                   std::shared_ptr<const HostKeys> keys);
    /// Keeps an Asynchronous Event Request until an event comes. @return false: too many are kept
    bool keep_async_event(Request& request);
    void tell(Event::Kind kind, std::string detail) { context_.tell(kind, std::move(detail)); }

    /// Ends the connection. Orderly: what is queued still goes out.
    void close(Event::Kind kind, std::string reason);

  private:
    QueueContext context_;
    Dispatcher dispatcher_;
    AuthSession auth_;
    base::TimePoint connected_at_;
};

}  // namespace target
