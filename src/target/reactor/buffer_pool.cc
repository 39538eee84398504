// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/reactor/buffer_pool.h"

#include <sys/mman.h>

#include <bit>
#include <cassert>
#include <cstdlib>

namespace target {
namespace {

constexpr size_t block_size(size_t size_class) {
    return BufferPool::kSmallest << size_class;
}

/// From here on a block is a mapping of its own: given back, its memory is the system's again,
/// whatever lies behind it.
constexpr size_t kMapped = 128U << 10U;

std::byte* allocate(size_t bytes) {
    void* block =
        bytes < kMapped
            ? std::aligned_alloc(
                  bytes < BufferPool::kPage ? BufferPool::kSmallest : BufferPool::kPage, bytes)
            : mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (block == nullptr || block == MAP_FAILED) {
        std::abort();  // out of memory ends the program, as everywhere
    }
    return static_cast<std::byte*>(block);
}

void release(std::byte* block, size_t bytes) {
    if (bytes < kMapped) {
        std::free(block);
    } else {
        (void)munmap(block, bytes);
    }
}

size_t class_of(size_t size) {
    const size_t units = (size + BufferPool::kSmallest - 1) / BufferPool::kSmallest;
    return static_cast<size_t>(std::bit_width(units - 1));
}

}  // namespace

void Buffer::reset() {
    if (pool_ != nullptr) {
        std::exchange(pool_, nullptr)->give_back(std::exchange(bytes_, {}));
    }
}

BufferPool::~BufferPool() {
    for (size_t size_class = 0; size_class < kClasses; ++size_class) {
        for (std::byte* block : idle_[size_class]) {
            release(block, block_size(size_class));
        }
    }
}

Buffer BufferPool::take(size_t size) {
    assert(size > 0 && size <= kLargest);
    const size_t size_class = class_of(size);
    auto& blocks = idle_[size_class];
    std::byte* block = nullptr;
    if (!blocks.empty()) {
        block = blocks.back();
        blocks.pop_back();
        idle_bytes_ -= block_size(size_class);
    } else {
        block = allocate(block_size(size_class));
    }
    used_bytes_ += block_size(size_class);
    return {this, base::MutableBytes(block, size)};
}

void BufferPool::give_back(base::MutableBytes bytes) {
    const size_t size_class = class_of(bytes.size());
    idle_[size_class].push_back(bytes.data());
    idle_bytes_ += block_size(size_class);
    used_bytes_ -= block_size(size_class);
    while (idle_bytes_ > kIdleBytes + used_bytes_) {
        release_largest();
    }
}

void BufferPool::release_largest() {
    size_t size_class = kClasses - 1;
    while (idle_[size_class].empty()) {
        --size_class;
    }
    release(idle_[size_class].back(), block_size(size_class));
    idle_[size_class].pop_back();
    idle_bytes_ -= block_size(size_class);
}

}  // namespace target
