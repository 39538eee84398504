// SPDX-License-Identifier: GPL-2.0-or-later
//
// A store in memory: for tests, and for measuring everything but the disk.
#pragma once

#include "target/storage/backend.h"

namespace target {

class MemoryBackend final : public Backend {
  public:
    explicit MemoryBackend(base::Bytes content) : content_(std::move(content)) {}

    [[nodiscard]] uint64_t size_bytes() const override { return content_.size(); }
    /// Completes inside submit().
    void submit(Io& io) override;

  private:
    base::Bytes content_;
};

}  // namespace target
