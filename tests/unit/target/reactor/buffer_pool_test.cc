// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/reactor/buffer_pool.h"

#include <algorithm>
#include <fstream>
#include <vector>

#include "support/test.h"
#include "target/queue/out_queue.h"

using target::Buffer;
using target::BufferPool;

namespace {

struct TestPdu : target::OutPdu {
    int gone = 0;
};

void count(target::OutPdu& pdu) {
    ++static_cast<TestPdu&>(pdu).gone;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(buffer_pool)

BOOST_AUTO_TEST_CASE(gives_aligned_memory_of_the_size_asked_for) {
    BufferPool pool;
    for (const size_t size : {size_t{1}, size_t{64}, size_t{65}, size_t{2048}, size_t{2049},
                              size_t{4096}, size_t{4097}, BufferPool::kLargest}) {
        const size_t alignment = size <= BufferPool::kPage / 2 ? 64 : BufferPool::kPage;
        const Buffer buffer = pool.take(size);
        BOOST_TEST(buffer.size() == size);
        BOOST_TEST(reinterpret_cast<uintptr_t>(buffer.bytes().data()) % alignment == 0U);
        buffer.bytes().back() = std::byte{1};
    }
}

BOOST_AUTO_TEST_CASE(hands_a_freed_block_to_the_next) {
    BufferPool pool;
    Buffer first = pool.take(5000);
    const std::byte* block = first.bytes().data();
    first.reset();
    BOOST_TEST(first.size() == 0U);
    const Buffer second = pool.take(8192);
    BOOST_TEST(second.bytes().data() == block);
}

/// Bytes of this process that are in memory.
size_t resident() {
    size_t total = 0;
    size_t pages = 0;
    std::ifstream("/proc/self/statm") >> total >> pages;
    return pages * 4096;
}

BOOST_AUTO_TEST_CASE(memory_goes_with_the_load_and_stays_under_it) {
    constexpr size_t kCount = 256;
    constexpr size_t kBytes = 128U << 10U;
    BufferPool pool;
    const size_t before = resident();
    std::vector<Buffer> busy;
    for (size_t i = 0; i < kCount; ++i) {
        busy.push_back(pool.take(kBytes));
        std::ranges::fill(busy.back().bytes(), std::byte{1});
    }
    BOOST_TEST(resident() >= before + kCount * kBytes);
    busy.erase(busy.begin() + kCount / 2, busy.end());
    BOOST_TEST(resident() >= before + kCount * kBytes);
    const Buffer last = std::move(busy.back());
    busy.clear();
    BOOST_TEST(resident() < before + 2 * BufferPool::kIdleBytes);
}

BOOST_AUTO_TEST_CASE(a_few_bytes_take_no_page) {
    constexpr size_t kCount = 16384;
    BufferPool pool;
    const size_t before = resident();
    std::vector<Buffer> busy;
    for (size_t i = 0; i < kCount; ++i) {
        busy.push_back(pool.take(16));
        busy.back().bytes().front() = std::byte{1};
    }
    BOOST_TEST(resident() < before + kCount * BufferPool::kPage / 4);
}

BOOST_AUTO_TEST_CASE(a_moved_buffer_has_one_owner) {
    BufferPool pool;
    Buffer first = pool.take(10);
    Buffer second = std::move(first);
    BOOST_TEST(first.size() == 0U);
    second = pool.take(20);
    BOOST_TEST(second.size() == 20U);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(out_queue)

BOOST_AUTO_TEST_CASE(shows_what_is_left_and_tells_what_has_gone) {
    const std::array<std::byte, 10> bytes{};
    const base::ByteView view(bytes);
    TestPdu a;
    a.add(view.first(4));
    a.add(view.first(0));
    a.add(view.first(6));
    TestPdu b;
    b.add(view.first(3));
    target::OutQueue queue;
    queue.push(a);
    queue.push(b);
    std::array<base::ByteView, 2> two;
    std::array<base::ByteView, 8> many;
    BOOST_TEST(queue.peek(two) == 2U);
    BOOST_TEST(queue.peek(many) == 3U);
    queue.sent(5, count);
    BOOST_TEST(queue.peek(many) == 2U);
    BOOST_TEST(many[0].size() == 5U);
    BOOST_TEST(a.gone == 0);
    queue.sent(6, count);
    BOOST_TEST(a.gone == 1);
    BOOST_TEST(!a.queued());
    BOOST_TEST(queue.size() == 1U);
    queue.sent(2, count);
    BOOST_TEST(queue.empty());
    BOOST_TEST(b.gone == 1);
}

BOOST_AUTO_TEST_SUITE_END()
