// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/protection/tuple_cache.h"

#include <algorithm>
#include <list>
#include <optional>
#include <utility>

#include "support/crash_disk.h"
#include "support/test.h"

using target::Io;
using target::IoError;

namespace {

constexpr uint64_t kPage = target::kSidecarPage;
constexpr uint64_t kTuples = 2 * kPage;  // where they begin
constexpr uint64_t kPages = 8;           // the last of them a part of one
constexpr uint64_t kSize = kTuples + kPages * kPage - 1000;

/// A store that answers at once or on request, and remembers its requests.
class Below final : public target::Backend {
  public:
    explicit Below(base::Bytes& content) : content_(content) {}
    [[nodiscard]] uint64_t size_bytes() const override { return content_.size(); }
    void submit(Io& io) override {
        asked.push_back({io.kind, io.offset, io.length, io.from_medium});
        holds ? held.push_back(&io) : answer(io);
    }
    void answer(Io& io) {
        const auto here = std::span(content_).subspan(io.offset, io.length);
        if (fails == IoError::kNone && io.kind == Io::Kind::kRead) {
            std::ranges::copy(here, io.data.begin());
        } else if (fails == IoError::kNone && io.kind == Io::Kind::kWrite) {
            std::ranges::copy(io.data, here.begin());
        }
        io.done(fails);
    }
    void release() {
        holds = false;
        for (Io* io : std::exchange(held, {})) {
            answer(*io);
        }
    }

    struct Asked {
        Io::Kind kind;
        uint64_t offset;
        uint64_t length;
        bool from_medium;
    };
    std::vector<Asked> asked;
    std::vector<Io*> held;
    bool holds = false;
    IoError fails = IoError::kNone;

  private:
    base::Bytes& content_;
};

struct Request final : Io {
    void done(IoError error) override { result = error; }
    std::optional<IoError> result;
    base::Bytes bytes;
};

struct Fixture {
    explicit Fixture(uint64_t cache_bytes = kPages * kPage) : content(kSize) {
        for (size_t i = 0; i < content.size(); ++i) {
            content[i] = static_cast<std::byte>(i / kPage + i);
        }
        auto store = std::make_unique<Below>(content);
        below = store.get();
        cache.emplace(std::move(store), kTuples, cache_bytes);
    }
    Request& submit(Io::Kind kind, uint64_t at, size_t length, std::byte value = {}) {
        Request& request = requests.emplace_back();
        request.kind = kind;
        request.offset = kTuples + at;
        request.length = length;
        request.bytes.assign(length, value);
        request.data = request.bytes;
        cache->submit(request);
        return request;
    }
    Request& read(uint64_t at, size_t length) { return submit(Io::Kind::kRead, at, length); }
    Request& write(uint64_t at, size_t length, int value) {
        return submit(Io::Kind::kWrite, at, length, static_cast<std::byte>(value));
    }
    Request& flush() { return submit(Io::Kind::kFlush, 0, 0); }
    [[nodiscard]] bool holds(const Request& request, uint64_t at) const {
        return request.result == IoError::kNone &&
               std::ranges::equal(request.bytes, base::ByteView(content).subspan(
                                                     kTuples + at, request.bytes.size()));
    }

    base::Bytes content;
    Below* below = nullptr;
    std::optional<target::TupleCache> cache;
    std::list<Request> requests;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(tuple_cache)

BOOST_AUTO_TEST_CASE(a_page_is_read_once) {
    Fixture f;
    BOOST_TEST(f.holds(f.read(8, 64), 8));
    BOOST_TEST(f.holds(f.read(100, 64), 100));
    BOOST_TEST(f.below->asked.size() == 1U);
    BOOST_TEST(f.holds(f.read(kPage - 8, 2 * kPage + 16), kPage - 8));
    BOOST_TEST(f.below->asked.size() == 4U);
    BOOST_TEST(f.holds(f.read((kPages - 1) * kPage, kPage - 1000), (kPages - 1) * kPage));
}

BOOST_AUTO_TEST_CASE(a_write_reaches_the_store_with_the_flush_and_is_read_before) {
    Fixture f;
    BOOST_TEST(f.write(64, 8, 0xEE).result == IoError::kNone);
    BOOST_TEST(f.read(64, 1).bytes[0] == std::byte{0xEE});
    BOOST_TEST(f.content[kTuples + 64] != std::byte{0xEE});
    BOOST_TEST(f.flush().result == IoError::kNone);
    BOOST_TEST(f.content[kTuples + 64] == std::byte{0xEE});
    BOOST_TEST(f.below->asked.back().kind == Io::Kind::kFlush);
    f.below->asked.clear();
    f.flush();
    BOOST_TEST(f.below->asked.size() == 1U);  // nothing to write any more
}

BOOST_AUTO_TEST_CASE(neighbours_are_written_together_and_whole_pages_not_read_before) {
    Fixture f;
    f.write(kPage, (kPages - 1) * kPage - 1000, 0x55);
    BOOST_TEST(f.below->asked.empty());
    f.flush();
    BOOST_REQUIRE(f.below->asked.size() == 2U);
    BOOST_TEST(f.below->asked[0].offset == kTuples + kPage);
    BOOST_TEST(f.below->asked[0].length == (kPages - 1) * kPage - 1000);
}

BOOST_AUTO_TEST_CASE(what_is_in_the_way_is_written_before_it_goes) {
    Fixture f(2 * kPage);
    for (uint64_t page = 0; page < kPages; ++page) {
        BOOST_TEST(
            (f.write(page * kPage + 8, 8, static_cast<int>(page) + 1).result == IoError::kNone));
    }
    f.flush();
    for (uint64_t page = 0; page < kPages; ++page) {
        BOOST_TEST((f.content[kTuples + page * kPage + 8] == static_cast<std::byte>(page + 1)));
        BOOST_TEST(f.holds(f.read(page * kPage, 64), page * kPage));
    }
}

BOOST_AUTO_TEST_CASE(requests_for_one_place_wait_their_turn) {
    Fixture f(kPage);
    f.write(8, 8, 1);
    f.below->holds = true;
    const Request& second = f.read(kPage, 16);  // the changed page must go first
    const Request& third = f.write(16, 8, 2);
    const Request& fourth = f.read(2 * kPage, 16);
    BOOST_TEST((!second.result && !third.result && !fourth.result));
    f.below->release();
    BOOST_TEST(f.holds(second, kPage));
    BOOST_TEST(third.result == IoError::kNone);
    BOOST_TEST(f.holds(fourth, 2 * kPage));
    f.flush();
    BOOST_TEST(f.content[kTuples + 16] == std::byte{2});
}

BOOST_AUTO_TEST_CASE(a_page_that_is_being_written_is_read_but_not_changed) {
    Fixture f;
    f.write(8, 8, 1);
    f.below->holds = true;
    const Request& flush = f.flush();
    BOOST_TEST(f.read(8, 1).bytes[0] == std::byte{1});
    const Request& write = f.write(8, 8, 2);
    BOOST_TEST((!flush.result && !write.result));
    f.below->release();
    BOOST_TEST((flush.result == IoError::kNone && write.result == IoError::kNone));
    BOOST_TEST(f.content[kTuples + 8] == std::byte{1});
    f.flush();
    BOOST_TEST(f.content[kTuples + 8] == std::byte{2});
}

BOOST_AUTO_TEST_CASE(a_read_from_the_medium_forgets_what_is_remembered_but_not_what_changed) {
    Fixture f;
    f.read(8, 8);
    f.content[kTuples + 8] ^= std::byte{1};
    const auto from_medium = [&](uint64_t at) -> Request& {
        Request& request = f.requests.emplace_back();
        request.offset = kTuples + at;
        request.length = 8;
        request.from_medium = true;
        request.bytes.resize(8);
        request.data = request.bytes;
        f.cache->submit(request);
        return request;
    };
    BOOST_TEST(f.holds(from_medium(8), 8));
    BOOST_TEST(f.below->asked.back().from_medium);
    BOOST_TEST(f.holds(f.read(8, 8), 8));
    f.write(8, 8, 7);
    BOOST_TEST(from_medium(8).bytes[0] == std::byte{7});
}

BOOST_AUTO_TEST_CASE(a_failure_is_reported_and_the_changes_are_kept) {
    Fixture f(kPage);
    f.below->fails = IoError::kMedium;
    BOOST_TEST(f.read(8, 8).result == IoError::kMedium);
    f.below->fails = IoError::kNone;
    f.write(8, 8, 9);
    f.below->fails = IoError::kNoSpace;
    BOOST_TEST(f.flush().result == IoError::kNoSpace);
    BOOST_TEST(f.read(kPage, 8).result == IoError::kNoSpace);  // cannot take its place
    BOOST_TEST(f.read(8, 1).bytes[0] == std::byte{9});
    f.below->fails = IoError::kNone;
    BOOST_TEST(f.flush().result == IoError::kNone);
    BOOST_TEST(f.content[kTuples + 8] == std::byte{9});
}

BOOST_AUTO_TEST_CASE(at_the_end_the_rest_is_written_back) {
    Fixture f;
    f.write(8, 8, 3);
    f.write(3 * kPage, 8, 4);
    support::MemoryStore store(f.content);
    BOOST_REQUIRE(f.cache->write_back(store).ok());
    BOOST_TEST(store.content[kTuples + 8] == std::byte{3});
    BOOST_TEST(store.content[kTuples + 3 * kPage] == std::byte{4});
    BOOST_TEST(f.below->asked.size() == 2U);
}

BOOST_AUTO_TEST_CASE(what_lies_before_the_tuples_passes) {
    Fixture f;
    Request& log = f.requests.emplace_back();
    log.kind = Io::Kind::kWrite;
    log.force_unit_access = true;
    log.offset = 64;
    log.length = 32;
    log.bytes.assign(32, std::byte{0xAB});
    log.data = log.bytes;
    f.cache->submit(log);
    BOOST_TEST(f.content[64] == std::byte{0xAB});
}

BOOST_AUTO_TEST_CASE(waiters_for_one_place_continue_in_order_however_many) {
    constexpr size_t kWaiting = 30000;
    Fixture f(kPage);  // one place for all pages
    f.below->holds = true;
    std::vector<Request*> order;
    for (size_t i = 0; i < kWaiting; ++i) {
        order.push_back(&f.read(i % (kPages - 1) * kPage, 8));
    }
    BOOST_TEST(f.below->asked.size() == 1U);
    for (size_t i = 0; i < 10; ++i) {
        BOOST_REQUIRE(f.below->held.size() == 1U);
        Io* load = f.below->held.back();
        f.below->held.clear();
        f.below->answer(*load);
        BOOST_TEST(order[i]->result.has_value());
        BOOST_TEST(!order[i + 1]->result.has_value());
    }
    f.below->release();  // and from now on pages come at once
    for (size_t i = 0; i < kWaiting; ++i) {
        BOOST_REQUIRE(f.holds(*order[i], i % (kPages - 1) * kPage));
    }
    BOOST_TEST(f.below->asked.size() == kWaiting);
}

BOOST_AUTO_TEST_SUITE_END()
