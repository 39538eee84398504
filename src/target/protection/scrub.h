// SPDX-License-Identifier: GPL-2.0-or-later
//
// Reads a protected store from its first block to its last, over and over, at a rate that leaves
// the disk to the hosts: what rots in a corner that nobody reads is found while there still is a
// backup. The store does the checking and the telling (protected_backend.h); this is a reader that
// throws away what it reads.
#pragma once

#include <cstdint>
#include <memory>

#include "base/clock.h"
#include "target/reactor/reactor.h"
#include "target/storage/backend.h"

namespace target {

/// Owned by the service that started it and, while a read is under way, by that read. The store
/// reports and counts its findings.
class Scrub final : public std::enable_shared_from_this<Scrub>, private Io {
  public:
    /// @param store  is let go of between two reads, so that a namespace that goes takes it along
    /// @param bytes_per_second  at least 1
    /// REQUIRES: store.integrity() is not null
    static std::shared_ptr<Scrub> start(Reactor& reactor, const std::shared_ptr<Backend>& store,
                                        uint64_t bytes_per_second);
    /// No read begins any more.
    void stop();
    [[nodiscard]] uint64_t rate() const { return rate_; }
    [[nodiscard]] bool reads(const std::shared_ptr<Backend>& store) const {
        return store_.lock() == store;
    }

  private:
    static constexpr uint64_t kChunkBytes = 128U << 10U;

    Scrub(Reactor& reactor, const std::shared_ptr<Backend>& store, uint64_t bytes_per_second);
    void read_next();
    void done(IoError error) override;
    void wait(uint64_t bytes);

    Reactor& reactor_;
    std::weak_ptr<Backend> store_;
    const uint64_t rate_;
    Timer timer_;
    base::Bytes memory_;
    std::shared_ptr<Backend> reading_;  ///< while a read is under way; likewise self_
    std::shared_ptr<Scrub> self_;
    bool stopped_ = false;
};

}  // namespace target
