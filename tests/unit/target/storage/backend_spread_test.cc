// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/storage/backend_spread.h"

#include "support/target_fixture.h"
#include "support/test.h"

namespace {

using target::Io;
using target::IoError;

/// Does what was posted on request.
struct SlowLane final : target::Lane {
    using Lane::Lane;
    [[nodiscard]] bool here() const override { return false; }
    void post(std::function<void()> action) override { mail.push_back(std::move(action)); }
    void work() {
        for (; !mail.empty(); mail.pop_front()) {
            mail.front()();
        }
    }
    std::deque<std::function<void()>> mail;
};

struct TestIo final : Io {
    TestIo(Kind what, base::MutableBytes bytes) {
        kind = what;
        offset = 512;
        length = bytes.size();
        data = bytes;
    }
    void done(IoError error) override { result = error; }
    std::optional<IoError> result;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(backend_spread)

BOOST_AUTO_TEST_CASE(what_other_lanes_ask_of_a_store_is_done_on_its_own) {
    SlowLane control(0), one(1);
    auto store = std::make_unique<support::HeldBackend>(4096);
    support::HeldBackend& held = *store;
    target::SpreadBackend::Parts parts;
    parts.push_back(std::make_unique<target::RemoteBackend>(held, control, one));
    parts.push_back(std::move(store));
    target::SpreadBackend spread(std::move(parts), 1);
    BOOST_TEST(spread.size_bytes() == 4096U);
    BOOST_TEST(&spread.at(1) == &held);

    base::Bytes bytes = support::pattern(512, 1);
    TestIo write(Io::Kind::kWrite, bytes);
    write.force_unit_access = true;
    spread.submit(write);
    BOOST_TEST(held.asked.empty());
    one.work();
    BOOST_TEST((held.asked == std::vector<std::string>{"write 512+512 fua"}));
    BOOST_TEST(!write.result.has_value());
    control.work();
    BOOST_TEST(write.result == IoError::kNone);

    held.hold = true;
    base::Bytes back(512);
    TestIo read(Io::Kind::kRead, back);
    spread.submit(read);
    one.work();
    held.held.front()->failed_block = 1;
    held.settle(IoError::kGuard);
    control.work();
    BOOST_TEST(read.result == IoError::kGuard);
    BOOST_TEST(read.failed_block == uint64_t{1});
    BOOST_TEST(back == bytes);
}

BOOST_AUTO_TEST_SUITE_END()
