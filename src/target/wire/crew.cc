// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/wire/crew.h"

#include <utility>

namespace target {
namespace {

void set(std::atomic<int>& phase, int value) {
    phase.store(value);
    phase.notify_all();
}

base::Result<std::unique_ptr<Reactor>> open_with_mailbox(Reactor::Engine engine) {
    TRY(auto reactor, Reactor::open(engine));
    TRY_VOID(reactor->open_mailbox());
    return reactor;
}

}  // namespace

Crew::Crew(Reactor& control, size_t count)
    : control_(control), control_lane_(0, control), turns_(count, clock_) {}

base::Result<std::unique_ptr<Crew>> Crew::start(Reactor& control, size_t count) {
    const auto engine =
        control.engine() == "epoll" ? Reactor::Engine::kEpoll : Reactor::Engine::kIoUring;
    const auto busy_poll = control.busy_poll();
    TRY_VOID(control.open_mailbox());
    control.busy_poll(std::chrono::microseconds(0));
    std::unique_ptr<Crew> crew(new Crew(control, count));
    control.guard_turns(&crew->turns_.control());
    for (size_t i = 0; i < count; ++i) {
        Member& member = *crew->members_.emplace_back(std::make_unique<Member>());
        member.scratch.resize(Connection::kScratchBytes);
        member.thread = std::thread(
            [&crew = *crew, i, engine, busy_poll] { crew.serve(i, engine, busy_poll); });
        member.phase.wait(kOpening);
        if (member.phase.load() == kFailed) {
            return std::move(member.error).in("reactor " + std::to_string(i + 1));
        }
    }
    return crew;
}

void Crew::serve(size_t index, Reactor::Engine engine, std::chrono::microseconds busy_poll) {
    Member& member = *members_[index];
    auto opened = open_with_mailbox(engine);
    if (!opened) {
        member.error = std::move(opened).error();
        set(member.phase, kFailed);
        return;
    }
    member.reactor = std::move(opened).value();
    member.lane = std::make_unique<ReactorLane>(static_cast<unsigned>(index + 1), *member.reactor);
    member.reactor->busy_poll(busy_poll);
    member.reactor->guard_turns(&turns_.lane(index));
    set(member.phase, kOpen);
    member.reactor->run();
    member.reactor->guard_turns(nullptr);
    set(member.phase, kHalted);
    member.phase.wait(kHalted);
    member.reactor.reset();
}

void Crew::halt() {
    for (const auto& member : members_) {
        if (member->phase.load() == kOpen) {
            Reactor& reactor = *member->reactor;
            reactor.post([&reactor] { reactor.stop(); });
            member->phase.wait(kOpen);
        }
    }
    for (size_t left = 1; left > 0;) {
        control_.do_mail();
        left = control_.mail_waiting();
        for (const auto& member : members_) {
            if (member->reactor != nullptr) {
                member->reactor->do_mail();
                left += member->reactor->mail_waiting();
            }
        }
    }
}

Crew::~Crew() {
    halt();
    control_.guard_turns(nullptr);
    for (const auto& member : members_) {
        if (member->phase.load() == kHalted) {
            set(member->phase, kLeaving);
        }
        member->thread.join();
    }
}

size_t Crew::in_flight() const {
    size_t count = control_.mail_waiting();
    for (const auto& member : members_) {
        count += member->reactor->disk_in_flight() + member->reactor->mail_waiting();
    }
    return count;
}

}  // namespace target
