// SPDX-License-Identifier: GPL-2.0-or-later
//
// The arithmetic of authentications on another thread: what continues meanwhile, and what becomes
// of the work when its queue ends before.
#include "target/reactor/labor.h"

#include <boost/test/data/test_case.hpp>
#include <deque>
#include <thread>

#include "support/engines.h"
#include "support/target_fixture.h"
#include "support/test.h"

using support::DhchapHost;
namespace status = nvme::status;

namespace {

/// Keeps work until the test does it.
class HeldLabor final : public target::Labor {
  public:
    Id start(const Client& client, Work work, Work done) override {
        clients.push_back(client);
        held.push_back({std::move(work), std::move(done)});
        return ++last;
    }
    void forget(Id id) override { forgotten.push_back(id); }
    void settle() {
        while (!held.empty()) {
            const auto [work, done] = std::move(held.front());
            held.pop_front();
            work();
            done();
        }
    }
    std::deque<std::pair<Work, Work>> held;
    std::vector<Client> clients;
    std::vector<Id> forgotten;
    Id last = 0;
};

struct LaborFixture : support::TargetFixture {
    LaborFixture() : secret(nvme::DhchapSecret::from_key({}, base::Bytes(32)).value()) {
        target.use_labor(labor);
        hosts.add(support::kHostNqn, std::make_shared<target::HostKeys>(target::HostKeys{
                                         .host = secret.copy(),
                                         .controller = {},
                                         .hashes = {nvme::kHashes.begin(), nvme::kHashes.end()},
                                         .groups = {nvme::DhGroup::kFfdhe2048}}));
        line = open();
        BOOST_REQUIRE(line->host.connect(connect_options())->status.ok());
    }
    DhchapHost dhchap() {
        support::DhchapHostOptions options;
        options.hostnqn = support::kHostNqn;
        options.subsysnqn = support::kSubsysNqn;
        options.secret = secret.text().reveal();
        return DhchapHost(options);
    }
    /// Sends Negotiate, whose answer waits for a key.
    void begin() {
        const DhchapHost host = dhchap();
        BOOST_TEST(!line->host.run(host::auth_send(host.negotiate())));
        BOOST_TEST(labor.held.size() == 1U);
    }

    HeldLabor labor;
    nvme::DhchapSecret secret;
    std::unique_ptr<support::Line> line;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(labor)

BOOST_AUTO_TEST_CASE(a_queue_waits_for_its_work_and_others_do_not) {
    LaborFixture f;
    f.begin();
    f.hosts.add(support::kHostNqn, nullptr);  // the next one need not authenticate
    auto other = f.open_admin();
    BOOST_REQUIRE(other);
    BOOST_TEST(other->host.run(host::keep_alive())->status.ok());
    f.labor.settle();
    f.line->host.pump();
    BOOST_TEST(f.line->host.queue().take_completion()->status.ok());
    const auto challenge = f.line->host.run(host::auth_receive(4096));
    BOOST_TEST(nvme::AuthChallenge::parse(challenge->data).ok());
}

BOOST_AUTO_TEST_CASE(a_message_that_does_not_wait_is_out_of_order) {
    LaborFixture f;
    f.begin();
    const auto answer = f.line->host.run(host::auth_receive(4096));
    const auto failure = nvme::AuthFailureMessage::parse(answer->data);
    BOOST_REQUIRE(failure.ok());
    BOOST_TEST(int{failure->explanation} == static_cast<int>(nvme::AuthFailure::kIncorrectMessage));
    f.labor.settle();
    BOOST_TEST(f.line->over());
}

BOOST_AUTO_TEST_CASE(a_second_send_that_does_not_wait_is_out_of_order) {
    LaborFixture f;
    f.begin();
    BOOST_TEST(f.line->host.run(host::auth_send(f.dhchap().negotiate()))->status.ok());
    f.labor.settle();
    f.line->host.pump();
    BOOST_TEST(f.line->host.queue().take_completion()->status.ok());
    const auto answer = f.line->host.run(host::auth_receive(4096));
    BOOST_TEST(nvme::AuthFailureMessage::parse(answer->data).ok());
    BOOST_TEST(f.line->over());
}

BOOST_AUTO_TEST_CASE(outlives_its_queue) {
    LaborFixture f;
    f.begin();
    f.line.reset();
    f.labor.settle();
    LaborFixture timed;
    timed.begin();
    timed.clock.sleep(base::seconds(60));
    timed.line->on_timer();
    BOOST_TEST(timed.line->over());
    timed.labor.settle();
}

BOOST_DATA_TEST_CASE(is_done_on_another_thread_and_told_on_this_one, support::engines(), engine) {
    const auto reactor = support::open_reactor(engine);
    const auto labor = target::LaborBeside::open(*reactor);
    BOOST_REQUIRE(labor.ok());
    const auto here = std::this_thread::get_id();
    std::vector<int> order;
    for (int i = 0; i < 3; ++i) {
        (*labor)->start(
            {"192.0.2.1"}, [&] { BOOST_TEST(std::this_thread::get_id() != here); },
            [&, i] {
                BOOST_TEST(std::this_thread::get_id() == here);
                order.push_back(i);
                if (i == 2) {
                    (*labor)->start(
                        {"192.0.2.1"}, [] {}, [&] { reactor->stop(); });
                }
            });
    }
    BOOST_TEST(order.empty());
    reactor->run();
    BOOST_TEST((order == std::vector{0, 1, 2}));
}

BOOST_DATA_TEST_CASE(is_forgotten_with_its_owner, support::engines(), engine) {
    const auto reactor = support::open_reactor(engine);
    {
        const auto labor = target::LaborBeside::open(*reactor);
        for (int i = 0; i < 3; ++i) {
            (*labor)->start(
                {"192.0.2.1"}, [] {}, [] { BOOST_ERROR("its owner is gone"); });
        }
    }
    target::Timer stop(*reactor, [&] { reactor->stop(); });
    stop.set(reactor->now() + base::milliseconds(20));
    reactor->run();
}

BOOST_AUTO_TEST_SUITE_END()
