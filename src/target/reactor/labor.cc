// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/reactor/labor.h"

#include <utility>

namespace target {
namespace {

/// With one processor, the reactor goes first.
constexpr WorkerPool::Options kOneQuietThread = {.threads = 1, .niceness = 10};

}  // namespace

void LaborQueue::add(Labor::Id id, const Labor::Client& client) {
    (client.known ? known_ : unknown_).add(id, client.address);
}

void LaborQueue::remove(Labor::Id id) {
    known_.remove(id);
    unknown_.remove(id);
}

Labor::Id LaborQueue::take() {
    const bool turn_of_unknown = ++taken_ % kShareOfUnknown == 0;
    const bool from_known = unknown_.empty() || (!turn_of_unknown && !known_.empty());
    FairOrder& order = from_known ? known_ : unknown_;
    const Labor::Id id = *order.next();
    order.remove(id);
    return id;
}

LaborBeside::LaborBeside(Reactor& reactor) : reactor_(reactor), pool_(kOneQuietThread) {}

base::Result<std::unique_ptr<LaborBeside>> LaborBeside::open(Reactor& reactor) {
    std::unique_ptr<LaborBeside> labor(new LaborBeside(reactor));
    TRY_VOID(labor->pool_.open());
    return labor;
}

Labor::Id LaborBeside::start(const Client& client, Work work, Work done) {
    const Id id = ++last_id_;
    queue_.add(id, client);
    pieces_.emplace(id, Piece{std::move(work), std::move(done)});
    hand_over();
    return id;
}

void LaborBeside::forget(Id id) {
    const auto piece = pieces_.find(id);
    if (piece == pieces_.end()) {
        return;
    }
    queue_.remove(id);
    piece->second.done = nullptr;
    if (!piece->second.begun) {
        pieces_.erase(piece);
    }
}

void LaborBeside::hand_over() {
    while (handed_over_ < kHandedOver && !queue_.empty()) {
        const Id id = queue_.take();
        Piece& piece = pieces_.at(id);
        piece.begun = true;
        ++handed_over_;
        pool_.start(
            [work = std::exchange(piece.work, nullptr)] {
                work();
                return 0;
            },
            [this, id](int) { ended(id); });
        listen();
    }
}

void LaborBeside::ended(Id id) {
    --handed_over_;
    const Work done = std::move(pieces_.extract(id).mapped().done);
    hand_over();
    if (done) {
        done();
    }
}

void LaborBeside::listen() {
    if (std::exchange(listening_, true)) {
        return;
    }
    reactor_.wait_readable(pool_.event_fd(), alive_.guard([this](int) {
        listening_ = false;
        pool_.collect();
        if (handed_over_ > 0) {
            listen();
        }
    }));
}

}  // namespace target
