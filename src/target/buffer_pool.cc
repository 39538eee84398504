// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/buffer_pool.h"

#include <bit>
#include <cassert>
#include <cstdlib>

namespace target {
namespace {

constexpr size_t block_size(size_t size_class) {
    return BufferPool::kSmallest << size_class;
}

size_t class_of(size_t size) {
    const size_t pages = (size + BufferPool::kSmallest - 1) / BufferPool::kSmallest;
    return static_cast<size_t>(std::bit_width(pages - 1));
}

}  // namespace

void Buffer::reset() {
    if (pool_ != nullptr) {
        std::exchange(pool_, nullptr)->give_back(std::exchange(bytes_, {}));
    }
}

BufferPool::~BufferPool() {
    for (auto& blocks : idle_) {
        for (std::byte* block : blocks) {
            std::free(block);
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
        block = static_cast<std::byte*>(std::aligned_alloc(kSmallest, block_size(size_class)));
        if (block == nullptr) {
            std::abort();  // out of memory ends the program, as everywhere
        }
    }
    return {this, base::MutableBytes(block, size)};
}

void BufferPool::give_back(base::MutableBytes bytes) {
    const size_t size_class = class_of(bytes.size());
    if (idle_bytes_ + block_size(size_class) > kIdleBytes) {
        std::free(bytes.data());
        return;
    }
    idle_[size_class].push_back(bytes.data());
    idle_bytes_ += block_size(size_class);
}

}  // namespace target
