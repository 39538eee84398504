// SPDX-License-Identifier: GPL-2.0-or-later
//
// Memory for data in flight. Blocks are powers of two: many commands bring a few bytes, and a page
// for each would fill the processor's caches with what nobody reads. From a page up they are
// aligned to a page, so that a store may bypass the page cache. A freed block is kept for the next
// user while the idle ones are not many more than those in use; memory thus follows the I/O in
// flight, not the number of connections. How much one connection may hold is its queue's business.
#pragma once

#include <array>
#include <cstddef>
#include <utility>
#include <vector>

#include "base/bytes.h"

namespace target {

class BufferPool;

/// Owns one block of a pool, or none. The pool outlives it.
class Buffer {
  public:
    Buffer() = default;
    Buffer(Buffer&& other) noexcept
        : pool_(std::exchange(other.pool_, nullptr)), bytes_(std::exchange(other.bytes_, {})) {}
    Buffer& operator=(Buffer&& other) noexcept {
        std::swap(pool_, other.pool_);
        std::swap(bytes_, other.bytes_);
        return *this;
    }
    ~Buffer() { reset(); }

    /// As many bytes as were asked for. Their content is left over from earlier users.
    [[nodiscard]] base::MutableBytes bytes() const { return bytes_; }
    [[nodiscard]] size_t size() const { return bytes_.size(); }
    void reset();

  private:
    friend class BufferPool;
    Buffer(BufferPool* pool, base::MutableBytes bytes) : pool_(pool), bytes_(bytes) {}

    BufferPool* pool_ = nullptr;
    base::MutableBytes bytes_;
};

class BufferPool {
  public:
    static constexpr size_t kSmallest = 64;
    static constexpr size_t kPage = 4096;
    static constexpr size_t kLargest = size_t{16} << 20U;
    static constexpr size_t kIdleBytes = size_t{4} << 20U;  ///< beyond as many as are in use

    BufferPool() = default;
    BufferPool(const BufferPool&) = delete;
    BufferPool& operator=(const BufferPool&) = delete;
    ~BufferPool();

    /// REQUIRES: 0 < size <= kLargest
    Buffer take(size_t size);

  private:
    friend class Buffer;
    static constexpr size_t kClasses = 19;  ///< 64 bytes to 16 MiB
    void give_back(base::MutableBytes bytes);
    void release_largest();

    std::array<std::vector<std::byte*>, kClasses> idle_;
    size_t idle_bytes_ = 0;
    size_t used_bytes_ = 0;
};

}  // namespace target
