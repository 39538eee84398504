// SPDX-License-Identifier: GPL-2.0-or-later
//
// The whole target over loopback TCP: configuration, images, authentication, queues, sockets.
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <boost/test/data/test_case.hpp>
#include <filesystem>

#include "support/running_target.h"
#include "support/scripted_host.h"
#include "support/tcp_peer.h"
#include "support/test.h"

namespace loopback_test {

using target::Reactor;

using Running = support::RunningTarget;

/// One queue of a host: connected and authenticated.
class Line {
  public:
    Line(Running& running, host::QueueOptions options = {})
        : peer(running.address), host(peer, options), running_(running) {
        peer.wait_while([this] {
            return host.queue().state() == host::Queue::State::kHandshake ||
                   host.queue().outstanding() > 0;
        });
        BOOST_REQUIRE(host.handshake());
    }
    uint16_t connect(uint16_t qid, uint16_t cntlid) {
        host::ConnectOptions options;
        options.hostnqn = Running::kHostNqn;
        options.subsysnqn = Running::kSubNqn;
        options.hostid.bytes.fill(std::byte{0x11});
        options.qid = qid;
        options.cntlid = cntlid;
        const auto completion = host.connect(options);
        BOOST_REQUIRE(completion.has_value());
        BOOST_REQUIRE((completion->status == nvme::Status{}));
        support::DhchapHostOptions keys;
        keys.hostnqn = Running::kHostNqn;
        keys.subsysnqn = Running::kSubNqn;
        keys.secret = running_.host_secret;
        keys.controller_secret = running_.ctrl_secret;
        keys.groups = {nvme::DhGroup::kFfdhe2048};
        support::DhchapHost dhchap(keys);
        const auto ended = host.authenticate(dhchap);
        BOOST_REQUIRE(ended.has_value());
        BOOST_TEST(dhchap.problem() == "");
        BOOST_REQUIRE((dhchap.state() == support::DhchapHost::State::kAuthenticated));
        return static_cast<uint16_t>(completion->dw0 & 0xffffU);
    }
    bool run(host::Command command) {
        const auto completion = host.run(std::move(command));
        return completion && completion->status == nvme::Status{};
    }
    base::Bytes read(const host::BlockRange& range) {
        const auto completion = host.run(host::read(1, range));
        BOOST_REQUIRE(completion.has_value());
        return completion->data;
    }

    support::TcpPeer peer;
    support::ScriptedHost host;

  private:
    Running& running_;
};

/// An admin queue with an enabled controller, and I/O queues.
struct Host {
    explicit Host(Running& running, size_t io_queues, host::QueueOptions options = {})
        : admin(running, options) {
        const uint16_t cntlid = admin.connect(0, nvme::kCntlidDynamic);
        BOOST_REQUIRE(admin.host.enable());
        for (size_t i = 1; i <= io_queues; ++i) {
            io.push_back(std::make_unique<Line>(running, options));
            io.back()->connect(static_cast<uint16_t>(i), cntlid);
        }
    }
    Line admin;
    std::vector<std::unique_ptr<Line>> io;
};

base::Bytes pattern(size_t size, unsigned seed) {
    base::Bytes bytes(size);
    for (size_t i = 0; i < size; ++i) {
        bytes[i] = static_cast<std::byte>(i * 7 + i / 512 + seed);
    }
    return bytes;
}

size_t open_files() {
    const std::filesystem::directory_iterator files("/proc/self/fd");
    return static_cast<size_t>(std::distance(begin(files), end(files)));
}

}  // namespace loopback_test

using namespace loopback_test;

BOOST_AUTO_TEST_SUITE(loopback)

BOOST_DATA_TEST_CASE(four_queues_read_what_another_wrote, support::engines(), engine) {
    Running running(engine);
    for (const bool digests : {false, true}) {
        host::QueueOptions options;
        options.header_digest = digests;
        options.data_digest = digests;
        Host host(running, 4, options);
        // Sizes in a capsule, by one R2T, by several.
        for (const uint32_t blocks : {1U, 8U, 64U, 1024U}) {
            const host::BlockRange range{blocks * 2, blocks, 512};
            const base::Bytes data = pattern(size_t{blocks} * 512, blocks + digests);
            const size_t writer = blocks % 4;
            BOOST_TEST(host.io[writer]->run(host::write(1, range, data)));
            for (const auto& line : host.io) {
                BOOST_TEST(line->read(range) == data);
            }
            BOOST_TEST(host.io[0]->run(host::flush(1)));
            BOOST_TEST(running.image(range.start * 512, data.size()) == data);
        }
        BOOST_TEST(host.io[1]->run(host::write_zeroes(1, {2048, 100, 512})));
        BOOST_TEST(host.io[2]->read({2048, 100, 512}) == base::Bytes(51200));
    }
}

BOOST_DATA_TEST_CASE(a_connection_lost_in_a_write_harms_nobody, support::engines(), engine) {
    Running running(engine);
    Host survivor(running, 1);
    const base::Bytes before = pattern(128U << 10U, 3);
    BOOST_REQUIRE(survivor.io[0]->run(host::write(1, {0, 256, 512}, before)));
    for (int round = 0; round < 8; ++round) {
        Host host(running, 1);
        auto& queue = host.io[0]->host.queue();
        BOOST_REQUIRE(queue.submit(host::write(1, {0, 256, 512}, pattern(128U << 10U, 9))));
        // The command goes, the R2T comes, a part of the data goes; then the connection breaks.
        const base::Bytes r2t = host.io[0]->peer.exchange(queue.take_output());
        BOOST_REQUIRE(!r2t.empty());
        queue.receive(r2t);
        const base::Bytes data = queue.take_output();
        BOOST_REQUIRE(data.size() > 4096U);
        BOOST_REQUIRE(base::write_all(host.io[0]->peer.fd(), std::span(data).first(4096)).ok());
        const linger reset{1, 0};
        setsockopt(host.io[0]->peer.fd(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
        host.io.clear();
    }
    BOOST_TEST(survivor.io[0]->read({0, 256, 512}) == before);
    BOOST_TEST(survivor.io[0]->run(host::flush(1)));
}

BOOST_DATA_TEST_CASE(a_peer_that_takes_no_answers_stops_only_itself, support::engines(), engine) {
    Running running(engine);
    Host greedy(running, 1), modest(running, 1);
    auto& queue = greedy.io[0]->host.queue();
    for (int i = 0; i < 30; ++i) {
        BOOST_REQUIRE(queue.submit(host::read(1, {0, 2048, 512})));
    }
    const base::Bytes commands = queue.take_output();
    BOOST_REQUIRE(base::write_all(greedy.io[0]->peer.fd(), commands).ok());
    for (uint64_t i = 0; i < 50; ++i) {
        BOOST_TEST(modest.io[0]->run(host::write(1, {i, 1, 512}, pattern(512, 1))));
        BOOST_TEST(modest.io[0]->read({i, 1, 512}) == pattern(512, 1));
    }
    // Late, but whole.
    greedy.io[0]->host.pump();
    for (int i = 0; i < 30; ++i) {
        const auto completion = queue.take_completion();
        BOOST_REQUIRE(completion.has_value());
        BOOST_TEST(completion->data.size() == size_t{1} << 20U);
    }
}

BOOST_DATA_TEST_CASE(bytes_may_come_one_by_one, support::engines(), engine) {
    Running running(engine);
    Host host(running, 1);
    auto& queue = host.io[0]->host.queue();
    BOOST_REQUIRE(queue.submit(host::write(1, {5, 1, 512}, pattern(512, 4))));
    for (const std::byte byte : queue.take_output()) {
        BOOST_REQUIRE(base::write_all(host.io[0]->peer.fd(), std::span(&byte, 1)).ok());
    }
    host.io[0]->host.pump();
    BOOST_REQUIRE(queue.take_completion().has_value());
    BOOST_TEST(host.io[0]->read({5, 1, 512}) == pattern(512, 4));
}

BOOST_DATA_TEST_CASE(silent_connections_cost_others_nothing, support::engines(), engine) {
    Running running(engine);
    std::vector<base::UniqueFd> silent;
    for (int i = 0; i < 300; ++i) {
        silent.push_back(support::connect_to(running.address));
    }
    Host host(running, 2);
    BOOST_TEST(host.io[1]->read({0, 8, 512}) == base::Bytes(4096));
}

BOOST_AUTO_TEST_CASE(ten_thousand_that_say_nothing_keep_nobody_out) {
    constexpr rlim_t kStrangers = 10000;
    constexpr size_t kServersOwn = 256 + 64;  // what it takes of them, and files, sockets, engines
    rlimit limit{};
    BOOST_REQUIRE(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    limit.rlim_cur = limit.rlim_max;
    if (limit.rlim_max < kStrangers + 1024 || setrlimit(RLIMIT_NOFILE, &limit) != 0) {
        BOOST_TEST_MESSAGE("skipped: this process may not open 10000 sockets (ulimit -Hn)");
        return;
    }
    Running running(Reactor::Engine::kAny);
    Host before(running, 1);
    std::vector<base::UniqueFd> silent;
    size_t most = 0;
    while (silent.size() < kStrangers) {
        silent.push_back(support::connect_to(running.address));
        if (silent.size() % 1000 == 0) {
            most = std::max(most, open_files() - silent.size());
        }
    }
    BOOST_TEST(most < kServersOwn);
    Host after(running, 1);
    BOOST_TEST(after.io[0]->read({0, 8, 512}) == base::Bytes(4096));
    BOOST_TEST(before.io[0]->read({0, 8, 512}) == base::Bytes(4096));
    BOOST_TEST(open_files() - silent.size() < kServersOwn);
}

BOOST_DATA_TEST_CASE(identity_and_data_survive_a_restart, support::engines(), engine) {
    Running running(engine);
    std::array<base::Bytes, 2> identity;
    for (base::Bytes& answer : identity) {
        Host host(running, 1);
        const auto completion =
            host.admin.host.run(host::identify(nvme::Cns::kNamespaceDescriptors, 1));
        BOOST_REQUIRE(completion.has_value());
        answer = completion->data;
        if (&answer == &identity[0]) {
            BOOST_REQUIRE(host.io[0]->run(host::write(1, {9, 1, 512}, pattern(512, 5))));
            running.stop();
            running.start();
        } else {
            BOOST_TEST(host.io[0]->read({9, 1, 512}) == pattern(512, 5));
        }
    }
    BOOST_TEST(identity[0].size() == 4096U);
    BOOST_TEST(identity[0] == identity[1]);
}

BOOST_AUTO_TEST_SUITE_END()
