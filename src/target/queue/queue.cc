// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/queue/queue.h"

#include <utility>

namespace target {

namespace status = nvme::status;

namespace {

/// A request that tells its queue what becomes of it.
class QueuedRequest final : public Request {
  public:
    using Request::Request;
    void done(IoError error) override {
        submitted = false;
        if (queue == nullptr) {
            delete this;  // the queue let go of it when it went
            return;
        }
        queue->dispatcher().backend_done(*this, error);
    }

  private:
    void on_turn() override {
        queue->dispatcher().turn_came(
            *this);  // with no queue it would be in a backend, past its turn
    }
};

}  // namespace

Queue::Queue(Target& target, SessionOwner& owner, Endpoints endpoints, base::TimePoint now)
    : context_(target, owner, std::move(endpoints), now),
      dispatcher_(context_,
                  [this](uint16_t slot) { return std::make_unique<QueuedRequest>(*this, slot); }),
      auth_(context_, dispatcher_, *this) {}

Queue::~Queue() {
    auth_.abandon(true);
    if (context_.controller != nullptr) {
        if (!context_.closing) {
            tell(Event::Kind::kDisconnected, "connection closed");
        }
        if (context_.controller->queues().detach(*this)) {
            context_.subsystem->remove_controller(*context_.controller);
        }
    }
    context_.alive.end();
    context_.closing = true;  // a command that gets its turn now is no longer run
}

bool Queue::is_idle() const {
    return dispatcher_.requests().unanswered() == 0;
}

/// At the discovery service each question counts.
base::TimePoint Queue::last_step() const {
    const base::TimePoint step = auth_.last_step();
    const bool visits = proved() && controller() != nullptr && controller()->is_discovery();
    return visits && step != base::TimePoint::max() ? context_.last_command : step;
}

AttachedQueue::Details Queue::details() const {
    return {connected_at_, context_.framing.data_digest, auth_.agreement()};
}

void Queue::introduce(std::string_view hostnqn, std::string_view subnqn) {
    context_.hostnqn = hostnqn;
    context_.subnqn = subnqn;
}

void Queue::connected(Controller& controller, Subsystem& subsystem, const nvme::ConnectSqe& connect,
                      std::shared_ptr<const HostKeys> keys) {
    context_.controller = &controller;
    context_.subsystem = &subsystem;
    context_.cntlid = controller.cntlid();
    context_.qid = connect.qid;
    context_.keys = std::move(keys);
    connected_at_ = context_.last_command = context_.now;
    auth_.connected();
    dispatcher_.connected(connect);
    controller.queues().attach(*this);
    tell(Event::Kind::kConnected,
         context_.framing.data_digest ? "with data digest" : "without data digest");
}

bool Queue::keep_async_event(Request& request) {
    const bool kept = dispatcher_.events().keep(request);
    if (kept) {
        deliver_async_events();
    }
    return kept;
}

void Queue::deliver_async_events() {
    AsyncEventRequests& requests = dispatcher_.events();
    while (!requests.empty() && context_.controller != nullptr) {
        const auto event = context_.controller->take_async_event();
        if (!event) {
            return;
        }
        dispatcher_.complete(requests.take(), status::kSuccess, event->dw0());
    }
}

bool Queue::abort_async_event(uint16_t cid) {
    Request* const request = dispatcher_.events().take(cid);
    if (request != nullptr) {
        dispatcher_.complete(*request, status::kAbortRequested);
    }
    return request != nullptr;
}

void Queue::drop_async_events() {
    for (Request* request : dispatcher_.events().take_all()) {
        dispatcher_.release(*request);
    }
}

void Queue::abort_all(uint32_t nsid, const Io& except) {
    dispatcher_.abort_all(nsid, except);
}

void Queue::controller_lost(std::string_view reason) {
    context_.controller = nullptr;
    dispatcher_.requests().disconnect();
    auth_.abandon(false);  // it is not the host that ends it
    close(Event::Kind::kDisconnected, std::string(reason));
}

void Queue::close(Event::Kind kind, std::string reason) {
    if (!context_.closing) {
        context_.close(kind, std::move(reason));
        auth_.abandon(true);
    }
}

}  // namespace target
