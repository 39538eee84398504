// SPDX-License-Identifier: GPL-2.0-or-later
//
// A store in memory.
#pragma once

#include "target/storage/backend.h"

namespace support {

class MemoryBackend final : public target::Backend {
  public:
    explicit MemoryBackend(base::Bytes content) : content_(std::move(content)) {}

    [[nodiscard]] uint64_t size_bytes() const override { return content_.size(); }
    /// Completes inside submit().
    void submit(target::Io& io) override;

  private:
    base::Bytes content_;
};

}  // namespace support
