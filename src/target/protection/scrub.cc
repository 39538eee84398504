// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/protection/scrub.h"

#include <algorithm>
#include <utility>

#include "target/protection/integrity.h"

namespace target {

std::shared_ptr<Scrub> Scrub::start(Reactor& reactor, const std::shared_ptr<Backend>& store,
                                    uint64_t bytes_per_second) {
    std::shared_ptr<Scrub> scrub(new Scrub(reactor, store, bytes_per_second));
    scrub->wait(kChunkBytes);
    return scrub;
}

Scrub::Scrub(Reactor& reactor, const std::shared_ptr<Backend>& store, uint64_t bytes_per_second)
    : reactor_(reactor),
      store_(store),
      rate_(bytes_per_second),
      timer_(reactor, [this] { read_next(); }) {
    kind = Kind::kRead;
    from_medium = true;
}

void Scrub::stop() {
    stopped_ = true;
    timer_.clear();
}

/// The pause that makes the rate: what was just read has its time.
void Scrub::wait(uint64_t bytes) {
    timer_.set(reactor_.now() + base::milliseconds(std::max<uint64_t>(1, bytes * 1000 / rate_)));
}

void Scrub::read_next() {
    reading_ = store_.lock();
    if (reading_ == nullptr) {
        return;
    }
    self_ = shared_from_this();
    length = std::min(kChunkBytes, reading_->size_bytes() - offset);
    memory_.resize(length);
    data = memory_;
    reading_->submit(*this);
}

void Scrub::done(IoError error) {
    const std::shared_ptr<Scrub> self = std::move(self_);
    const std::shared_ptr<Backend> store = std::move(reading_);
    Integrity& integrity = *store->integrity();
    // After a bad block it continues with the next one, so that each is reported.
    const uint64_t read =
        is_mismatch(error) ? (*failed_block + 1) * integrity.format().block_bytes - offset : length;
    integrity.counters().scrubbed_blocks += read / integrity.format().block_bytes;
    integrity.counters().scrub_errors += error == IoError::kNone ? 0 : 1;
    offset += read;
    if (offset == store->size_bytes()) {
        offset = 0;
        ++integrity.counters().scrub_passes;
    }
    if (!stopped_) {
        wait(read);
    }
}

}  // namespace target
