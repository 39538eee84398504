// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/queue/request_pool.h"

#include <memory>

#include "support/target_fixture.h"
#include "support/test.h"
#include "target/queue/queue.h"

using target::Request;
using target::RequestPool;

namespace {

class PlainRequest final : public Request {
  public:
    using Request::Request;
    void done(target::IoError /*error*/) override {}

  private:
    void on_turn() override {}
};

struct Silent final : target::SessionOwner {
    void ready() override {}
};

struct PoolFixture : support::TargetFixture {
    nvme::Sqe command(uint16_t cid) {
        nvme::Sqe sqe{};
        sqe.cid = cid;
        return sqe;
    }

    Silent owner;
    target::Queue queue{target, owner, {"192.0.2.1", 4420, "192.0.2.9:5000"}, clock.now()};
    RequestPool pool{[this](uint16_t slot) { return std::make_unique<PlainRequest>(queue, slot); }};
};

}  // namespace

BOOST_AUTO_TEST_SUITE(request_pool)

BOOST_AUTO_TEST_CASE(a_request_keeps_nothing_of_the_command_before) {
    PoolFixture f;
    Request* first = f.pool.take(f.command(1), 3, 0);
    BOOST_REQUIRE(first != nullptr);
    BOOST_TEST(first->lane == 3U);
    first->transfer = 512;
    first->scratch_bytes = 64;
    first->meant = 7;
    first->judged = true;
    first->fate = nvme::status::kAbortRequested;
    first->step = 2;
    first->position = 4096;
    first->partner = first;
    first->failed_block = 9;
    first->protection = &first->pi;
    first->given_up = true;
    f.pool.answered(*first);
    f.pool.put_back(*first);

    Request* second = f.pool.take(f.command(2), 1, 0);
    BOOST_REQUIRE(second == first);
    BOOST_TEST(second->sqe.cid == 2U);
    BOOST_TEST(second->lane == 1U);
    BOOST_TEST(second->memory() == 0U);
    BOOST_TEST(second->meant == 0U);
    BOOST_TEST(!second->judged);
    BOOST_TEST(second->fate.ok());
    BOOST_TEST(second->step + second->position == 0U);
    BOOST_TEST(second->partner == nullptr);
    BOOST_TEST(!second->failed_block.has_value());
    BOOST_TEST(second->protection == nullptr);
    BOOST_TEST(second->unwanted == &second->given_up);
    BOOST_TEST(!second->given_up);
}

BOOST_AUTO_TEST_CASE(a_queue_has_as_many_commands_as_entries_and_each_identifier_once) {
    PoolFixture f;
    f.pool.connect(1, false);  // two entries
    Request* one = f.pool.take(f.command(5), 0, 0);
    Request* two = f.pool.take(f.command(5), 0, 0);
    BOOST_REQUIRE((one != nullptr && two != nullptr));
    BOOST_TEST(f.pool.take(f.command(6), 0, 0) == nullptr);
    BOOST_TEST(f.pool.claim_cid(*one));
    BOOST_TEST(!f.pool.claim_cid(*two));
    BOOST_TEST(f.pool.find(5) == one);
    BOOST_TEST(f.pool.at_slot(two->slot) == two);
    BOOST_TEST(f.pool.unanswered() == 2U);
    f.pool.answered(*one);
    f.pool.put_back(*one);
    BOOST_TEST(f.pool.find(5) == nullptr);
    BOOST_TEST(f.pool.claim_cid(*two));
}

BOOST_AUTO_TEST_SUITE_END()
