// SPDX-License-Identifier: GPL-2.0-or-later
//
// A protected store when many requests wait for each other, and when its disk is full.
#include "target/protection/protected_backend.h"

#include <algorithm>
#include <deque>
#include <functional>
#include <optional>
#include <vector>

#include "support/memory_backend.h"
#include "support/test.h"
#include "target/protection/tuple_cache.h"

using target::Io;
using target::IoError;

namespace {

constexpr uint32_t kBlock = 512;
constexpr uint64_t kBlocks = 4096;

struct Request final : Io {
    Request(Kind which, uint64_t block, uint64_t count, std::byte value = {})
        : bytes(which == Kind::kRead || which == Kind::kWrite ? count * kBlock : 0, value) {
        kind = which;
        offset = block * kBlock;
        length = count * kBlock;
        data = bytes;
    }
    void done(IoError error) override {
        ++depth;
        deepest = std::max(deepest, depth);
        result = error;
        --depth;
    }
    base::Bytes bytes;
    std::optional<IoError> result;
    static inline int depth = 0, deepest = 0;
};

/// A store of a sidecar on a disk that may be full: there is no room for what lies in a hole.
class FullDisk final : public target::Backend {
  public:
    explicit FullDisk(base::Bytes content) : store_(std::move(content)) {}
    [[nodiscard]] uint64_t size_bytes() const override { return store_.size_bytes(); }
    void submit(Io& io) override {
        const bool takes_room = io.kind == Io::Kind::kWriteZeroes ||
                                (io.kind == Io::Kind::kWrite &&
                                 hole.first < io.offset + io.length && io.offset < hole.end);
        if (takes_room && is_full) {
            io.done(IoError::kNoSpace);
            return;
        }
        if (io.kind == Io::Kind::kWriteZeroes) {
            hole = {};
        }
        store_.submit(io);
    }
    bool is_full = false;
    target::ByteRange hole;

  private:
    support::MemoryBackend store_;
};

/// A disk on which discarding makes room for the sidecar.
class Image final : public target::Backend {
  public:
    explicit Image(FullDisk& sidecar) : store_(base::Bytes(kBlocks * kBlock)), sidecar_(sidecar) {}
    [[nodiscard]] uint64_t size_bytes() const override { return store_.size_bytes(); }
    void submit(Io& io) override {
        if (io.kind == Io::Kind::kWriteZeroes && io.may_deallocate) {
            sidecar_.is_full = false;
        }
        holds ? held.push_back(&io) : store_.submit(io);
    }
    void release() {
        holds = false;
        for (Io* io : std::exchange(held, {})) {
            store_.submit(*io);
        }
    }
    bool holds = false;
    std::vector<Io*> held;

  private:
    support::MemoryBackend store_;
    FullDisk& sidecar_;
};

struct Fixture {
    explicit Fixture(bool sparse = false) {
        nvme::PiFormat format;
        format.block_bytes = kBlock;
        format.type = 1;
        header = target::new_header(format, kBlocks, {1}, target::kMinLogEntries);
        header.state = target::SidecarHeader::kInUse;
        base::Bytes content(target::sidecar_bytes(header));
        nvme::generate_for_zeros(target::format_of(header),
                                 std::span(content).subspan(header.tuple_offset), {});
        auto sidecar = std::make_unique<FullDisk>(std::move(content));
        disk = sidecar.get();
        auto data = std::make_unique<Image>(*disk);
        image = data.get();
        target::TupleRoom room;
        if (sparse) {
            disk->hole = {header.tuple_offset + 4096, header.tuple_offset + 8192};
            room.add_hole(disk->hole);
        }
        store.emplace(
            std::move(data),
            std::make_unique<target::TupleCache>(std::move(sidecar), header.tuple_offset), header,
            [](const target::IntegrityFault&) { BOOST_ERROR("a false alarm"); },
            [this](std::function<void()> action) { deferred.push_back(std::move(action)); },
            std::move(room));
    }
    Request& submit(Io::Kind kind, uint64_t block, uint64_t count, int value = 0) {
        Request& request = requests.emplace_back(kind, block, count, static_cast<std::byte>(value));
        store->submit(request);
        return request;
    }
    Request& run(Io::Kind kind, uint64_t block, uint64_t count, int value = 0) {
        Request& request = submit(kind, block, count, value);
        settle();
        return request;
    }
    /// One turn of the loop.
    void turn() {
        for (const auto& action : std::exchange(deferred, {})) {
            action();
        }
    }
    void settle() {
        while (!deferred.empty()) {
            turn();
        }
    }
    [[nodiscard]] size_t done() const {
        return static_cast<size_t>(
            std::ranges::count_if(requests, [](const Request& r) { return r.result.has_value(); }));
    }

    target::SidecarHeader header;
    FullDisk* disk = nullptr;
    Image* image = nullptr;
    std::deque<Request> requests;
    std::vector<std::function<void()>> deferred;
    std::optional<target::ProtectedBackend> store;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(protected_backend)

BOOST_AUTO_TEST_CASE(chained_writes_go_one_behind_the_other_a_few_in_a_turn) {
    constexpr size_t kChain = 14400;
    Fixture f;
    for (size_t i = 0; i < kChain; ++i) {
        (void)f.submit(i % 5 == 4 ? Io::Kind::kRead : Io::Kind::kWrite, i % 3, 4,
                       static_cast<int>(i));
    }
    Request::deepest = 0;
    size_t most = 0;
    while (!f.deferred.empty()) {
        const size_t before = f.done();
        f.turn();
        most = std::max(most, f.done() - before);
        if (most > 1000) {
            break;
        }
        if (f.done() > 2000) {  // the rest is counted less often: counting takes longest
            f.settle();
        }
    }
    BOOST_TEST(most <= 200U);
    BOOST_TEST(f.done() == kChain);
    BOOST_TEST(Request::deepest == 1);
    BOOST_TEST(std::ranges::all_of(f.requests,
                                   [](const Request& r) { return r.result == IoError::kNone; }));
    BOOST_TEST(f.store->idle());
}

BOOST_AUTO_TEST_CASE(many_waiters_of_one_flush_complete_a_few_per_turn) {
    Fixture f;
    f.image->holds = true;
    (void)f.submit(Io::Kind::kWrite, 0, 1, 1);
    for (size_t i = 0; i < 5000; ++i) {
        (void)f.submit(Io::Kind::kFlush, 0, 0);
    }
    f.turn();
    f.image->release();
    size_t before = f.done();
    while (!f.deferred.empty()) {
        f.turn();
        BOOST_REQUIRE(f.done() - before <= 200U);
        before = f.done();
    }
    BOOST_TEST(f.done() == 5001U);
}

BOOST_AUTO_TEST_CASE(cancelled_work_is_not_started) {
    Fixture f;
    std::atomic<bool> unwanted = false;
    f.image->holds = true;
    Request& first = f.submit(Io::Kind::kWrite, 0, 1, 1);
    f.settle();
    for (size_t i = 0; i < 1000; ++i) {
        Request& request = f.requests.emplace_back(Io::Kind::kWrite, 0, 1, std::byte{2});
        request.unwanted = &unwanted;
        f.store->submit(request);
    }
    unwanted = true;
    f.image->release();
    f.settle();
    BOOST_TEST(first.result == IoError::kNone);
    BOOST_TEST(f.requests.back().result == IoError::kUnwanted);
    BOOST_TEST(f.done() == 1001U);
    const Request& read = f.run(Io::Kind::kRead, 0, 1);
    BOOST_TEST(read.bytes == base::Bytes(kBlock, std::byte{1}));
}

BOOST_AUTO_TEST_CASE(on_a_full_disk_only_writes_without_room_for_their_tuples_fail) {
    Fixture f(true);
    constexpr uint64_t kInHole = 600;  // its tuple lies in the second page of them
    f.disk->is_full = true;
    BOOST_TEST(f.run(Io::Kind::kWrite, 4, 1, 1).result == IoError::kNone);
    BOOST_TEST(f.run(Io::Kind::kWrite, kInHole, 1, 1).result == IoError::kNoSpace);
    BOOST_TEST(f.run(Io::Kind::kRead, kInHole, 1).result == IoError::kNone);  // as it was
    BOOST_TEST(f.run(Io::Kind::kFlush, 0, 0).result == IoError::kNone);
    BOOST_TEST(f.run(Io::Kind::kWrite, 5, 1, 1).result == IoError::kNone);
    BOOST_TEST(f.run(Io::Kind::kDiscard, kInHole, 8).result == IoError::kNone);
    BOOST_TEST(f.run(Io::Kind::kFlush, 0, 0).result == IoError::kNone);
    BOOST_TEST(f.run(Io::Kind::kWrite, kInHole, 1, 3).result == IoError::kNone);  // there is room
    BOOST_TEST(f.run(Io::Kind::kFlush, 0, 0).result == IoError::kNone);
    const Request& read = f.run(Io::Kind::kRead, kInHole, 1);
    BOOST_TEST(read.bytes == base::Bytes(kBlock, std::byte{3}));
}

BOOST_AUTO_TEST_CASE(data_that_could_not_be_written_leaves_the_old_tuples) {
    struct Refusing final : target::Backend {
        Refusing() : store(base::Bytes(kBlocks * kBlock)) {}
        [[nodiscard]] uint64_t size_bytes() const override { return store.size_bytes(); }
        void submit(Io& io) override {
            io.kind == Io::Kind::kWrite ? io.done(IoError::kNoSpace) : store.submit(io);
        }
        support::MemoryBackend store;
    };
    Fixture f;
    base::Bytes content(target::sidecar_bytes(f.header));
    nvme::generate_for_zeros(target::format_of(f.header),
                             std::span(content).subspan(f.header.tuple_offset), {});
    f.store.emplace(
        std::make_unique<Refusing>(),
        std::make_unique<target::TupleCache>(
            std::make_unique<support::MemoryBackend>(std::move(content)), f.header.tuple_offset),
        f.header, [](const target::IntegrityFault&) { BOOST_ERROR("a false alarm"); },
        [&f](std::function<void()> action) { f.deferred.push_back(std::move(action)); });
    BOOST_TEST(f.run(Io::Kind::kWrite, 7, 1, 1).result == IoError::kNoSpace);
    BOOST_TEST(f.run(Io::Kind::kRead, 7, 1).result == IoError::kNone);
}

BOOST_AUTO_TEST_SUITE_END()
