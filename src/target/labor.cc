// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/labor.h"

#include <utility>

namespace target {
namespace {

/// Where there is one processor, the reactor goes first.
constexpr WorkerPool::Options kOneQuietThread = {.threads = 1, .niceness = 10};

}  // namespace

LaborBeside::LaborBeside(Reactor& reactor)
    : reactor_(reactor), pool_(kOneQuietThread), alive_(std::make_shared<bool>(true)) {}

LaborBeside::~LaborBeside() {
    *alive_ = false;
}

base::Result<std::unique_ptr<LaborBeside>> LaborBeside::open(Reactor& reactor) {
    std::unique_ptr<LaborBeside> labor(new LaborBeside(reactor));
    TRY_VOID(labor->pool_.open());
    return labor;
}

void LaborBeside::start(Work work, Work done) {
    ++under_way_;
    pool_.start(
        [work = std::move(work)] {
            work();
            return 0;
        },
        [this, done = std::move(done)](int) {
            --under_way_;
            done();
        });
    listen();
}

void LaborBeside::listen() {
    if (std::exchange(listening_, true)) {
        return;
    }
    reactor_.wait_readable(pool_.event_fd(), [this, alive = alive_](int) {
        if (!*alive) {
            return;
        }
        listening_ = false;
        pool_.collect();
        if (under_way_ > 0) {
            listen();
        }
    });
}

}  // namespace target
