// SPDX-License-Identifier: GPL-2.0-or-later
//
// One store for all lanes (lane.h): to each lane its part, which only that lane's thread calls.
//
//     a plain file         each part is a FileBackend of its own over the same file
//     anything that        the part of one lane is the store; the parts of the others send it
//     keeps state          their Ios, which costs two messages between threads for each
#pragma once

#include <deque>
#include <memory>
#include <utility>
#include <vector>

#include "target/reactor/lane.h"
#include "target/storage/backend.h"

namespace target {

class SpreadBackend final : public Backend {
  public:
    using Parts = std::vector<std::unique_ptr<Backend>>;  ///< by lane
    /// @param first  the part that knows all about the store
    explicit SpreadBackend(Parts parts, size_t first = 0)
        : parts_(std::move(parts)), first_(*parts_[first]) {}

    [[nodiscard]] uint64_t size_bytes() const override { return first_.size_bytes(); }
    void refresh() override;
    [[nodiscard]] Integrity* integrity() override { return first_.integrity(); }
    [[nodiscard]] Backend& at(unsigned lane) override { return *parts_[lane]; }
    void submit(Io& io) override { parts_.front()->submit(io); }

  private:
    const Parts parts_;
    Backend& first_;
};

/// Sends the Ios of one lane to a store that belongs to another.
class RemoteBackend final : public Backend {
  public:
    /// All of them outlive this object.
    RemoteBackend(Backend& store, Lane& here, Lane& there)
        : store_(store), here_(here), there_(there) {}

    [[nodiscard]] uint64_t size_bytes() const override { return store_.size_bytes(); }
    void submit(Io& io) override;

  private:
    /// The message that travels instead of an Io.
    struct Errand final : Io {
        RemoteBackend* owner = nullptr;
        Io* io = nullptr;
        IoError error = IoError::kNone;
        void done(IoError result) override;
    };

    Errand& new_errand(Io& io);
    void came_back(Errand& errand);

    Backend& store_;
    Lane& here_;
    Lane& there_;
    std::deque<Errand> errands_;
    std::vector<Errand*> free_;
};

}  // namespace target
