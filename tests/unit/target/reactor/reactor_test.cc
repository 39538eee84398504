// SPDX-License-Identifier: GPL-2.0-or-later
// Every case runs on both engines.
#include "target/reactor/reactor.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/test/data/test_case.hpp>

#include "support/engines.h"
#include "support/socket_pair.h"
#include "support/temp_dir.h"
#include "support/test.h"

namespace {

using support::SocketPair;
using target::Reactor;

/// Runs the reactor until `done` was called, and gives its result.
template <class Start>
int run_one(Reactor& reactor, Start start) {
    int answer = INT32_MIN;
    bool inside = true;
    start([&](int result) {
        BOOST_TEST(!inside);
        answer = result;
        reactor.stop();
    });
    inside = false;
    reactor.run();
    return answer;
}

base::milliseconds cpu_time() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return std::chrono::duration_cast<base::milliseconds>(
        std::chrono::seconds(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
        std::chrono::microseconds(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(reactor)

BOOST_DATA_TEST_CASE(reads_and_writes_a_file, support::engines(), engine) {
    const auto reactor = support::open_reactor(engine);
    const support::TempDir dir;
    const auto fd = base::open_file(dir.file("image", "0123456789"), O_RDWR);
    BOOST_REQUIRE(fd.ok());
    for (const bool durable : {false, true}) {
        const std::string_view text = durable ? "DE" : "bc";
        BOOST_TEST(run_one(*reactor, [&](auto done) {
                       reactor->write(fd->get(), base::bytes_of(text), 4, durable, done);
                   }) == 2);
    }
    std::array<std::byte, 20> buffer;
    BOOST_TEST(run_one(*reactor, [&](auto done) { reactor->read(fd->get(), buffer, 3, done); }) ==
               7);
    BOOST_TEST(base::text_of(std::span(buffer).first(7)) == "3DE6789");
    BOOST_TEST(run_one(*reactor, [&](auto done) { reactor->read(fd->get(), buffer, 10, done); }) ==
               0);
    BOOST_TEST(run_one(*reactor, [&](auto done) { reactor->sync(fd->get(), done); }) == 0);
    BOOST_TEST(run_one(*reactor, [&](auto done) {
                   reactor->allocate(fd->get(), FALLOC_FL_KEEP_SIZE, 0, 4096, done);
               }) == 0);
    BOOST_TEST(reactor->disk_in_flight() == 0U);
}

BOOST_DATA_TEST_CASE(says_why_a_file_refuses, support::engines(), engine) {
    const auto reactor = support::open_reactor(engine);
    const support::TempDir dir;
    const auto fd = base::open_file(dir.file("image", "0123"), O_RDONLY);
    BOOST_REQUIRE(fd.ok());
    BOOST_TEST(run_one(*reactor, [&](auto done) {
                   reactor->write(fd->get(), base::bytes_of("x"), 0, false, done);
               }) == -EBADF);
    std::array<std::byte, 4> buffer;
    BOOST_TEST(run_one(*reactor, [&](auto done) { reactor->read(1000, buffer, 0, done); }) ==
               -EBADF);
}

BOOST_DATA_TEST_CASE(sends_parts_and_receives_them, support::engines(), engine) {
    const auto reactor = support::open_reactor(engine);
    SocketPair pair;
    std::string first = "NVMe", second = "/TCP";
    const iovec parts[] = {{first.data(), first.size()}, {second.data(), second.size()}};
    std::array<std::byte, 64> buffer;
    int received = 0;
    reactor->receive(pair.far.get(), buffer, [&](int result) {
        received = result;
        reactor->stop();
    });
    reactor->send(pair.near.get(), parts, [](int result) { BOOST_TEST(result == 8); });
    reactor->run();
    BOOST_TEST(received == 8);
    BOOST_TEST(base::text_of(std::span(buffer).first(8)) == "NVMe/TCP");
    // The end of the stream comes through after a short receive too.
    pair.near.reset();
    BOOST_TEST(
        run_one(*reactor, [&](auto done) { reactor->receive(pair.far.get(), buffer, done); }) == 0);
    BOOST_TEST(run_one(*reactor, [&](auto done) { reactor->send(pair.far.get(), parts, done); }) ==
               -EPIPE);
    reactor->close(std::move(pair.far));
}

BOOST_DATA_TEST_CASE(a_full_socket_takes_the_rest_later, support::engines(), engine) {
    const auto reactor = support::open_reactor(engine);
    SocketPair pair;
    std::vector<std::byte> data(4U << 20U, std::byte{7});
    std::vector<std::byte> buffer(64U << 10U);
    size_t sent = 0, received = 0;
    iovec part{};
    std::function<void()> send_more = [&] {
        part = {data.data() + sent, data.size() - sent};
        reactor->send(pair.near.get(), std::span(&part, 1), [&](int result) {
            BOOST_REQUIRE(result > 0);
            sent += static_cast<size_t>(result);
            if (sent < data.size()) {
                send_more();
            }
        });
    };
    std::function<void()> receive_more = [&] {
        reactor->receive(pair.far.get(), buffer, [&](int result) {
            BOOST_REQUIRE(result > 0);
            received += static_cast<size_t>(result);
            received < data.size() ? receive_more() : reactor->stop();
        });
    };
    send_more();
    receive_more();
    reactor->run();
    BOOST_TEST(received == data.size());
}

BOOST_DATA_TEST_CASE(shutdown_ends_what_waits, support::engines(), engine) {
    const auto reactor = support::open_reactor(engine);
    SocketPair pair;
    std::array<std::byte, 4> buffer;
    int ended = 0;
    reactor->receive(pair.near.get(), buffer, [&](int result) {
        BOOST_TEST(result == 0);
        ++ended;
        reactor->stop();
    });
    reactor->defer([&] { shutdown(pair.near.get(), SHUT_RDWR); });
    reactor->run();
    BOOST_TEST(ended == 1);
}

BOOST_DATA_TEST_CASE(accepts_until_the_listener_is_shut, support::engines(), engine) {
    const auto reactor = support::open_reactor(engine);
    base::UniqueFd listener(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    BOOST_REQUIRE(bind(listener.get(), generic, length) == 0);
    BOOST_REQUIRE(listen(listener.get(), 8) == 0);
    BOOST_REQUIRE(getsockname(listener.get(), generic, &length) == 0);
    for (int i = 0; i < 3; ++i) {
        base::UniqueFd client(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        const base::UniqueFd accepted(run_one(*reactor, [&](auto done) {
            reactor->accept(listener.get(), done);
            BOOST_REQUIRE(connect(client.get(), generic, length) == 0);
        }));
        BOOST_REQUIRE(accepted.valid());
        BOOST_TEST((fcntl(accepted.get(), F_GETFD) & FD_CLOEXEC) != 0);
    }
    const int last = run_one(*reactor, [&](auto done) {
        reactor->accept(listener.get(), done);
        reactor->defer([&] { shutdown(listener.get(), SHUT_RDWR); });
    });
    BOOST_TEST(last == -EINVAL);
    reactor->close(std::move(listener));
}

BOOST_DATA_TEST_CASE(waits_for_an_eventfd, support::engines(), engine) {
    const auto reactor = support::open_reactor(engine);
    const base::UniqueFd event(eventfd(0, EFD_CLOEXEC));
    BOOST_TEST(run_one(*reactor, [&](auto done) {
                   reactor->wait_readable(event.get(), done);
                   reactor->defer([&] { eventfd_write(event.get(), 1); });
               }) == 0);
}

BOOST_DATA_TEST_CASE(a_closed_descriptor_number_starts_anew, support::engines(), engine) {
    const auto reactor = support::open_reactor(engine);
    std::array<std::byte, 4> buffer;
    for (int round = 0; round < 3; ++round) {
        SocketPair pair;
        BOOST_REQUIRE(write(pair.far.get(), "ab", 2) == 2);
        BOOST_TEST(run_one(*reactor, [&](auto done) {
                       reactor->receive(pair.near.get(), buffer, done);
                   }) == 2);
        reactor->close(std::move(pair.near));
    }
}

BOOST_DATA_TEST_CASE(timers_fire_in_order_and_can_be_moved, support::engines(), engine) {
    const auto reactor = support::open_reactor(engine);
    std::string order;
    target::Timer late(*reactor, [&] {
        order += 'l';
        reactor->stop();
    });
    target::Timer early(*reactor, [&] { order += 'e'; });
    target::Timer never(*reactor, [&] { order += 'n'; });
    const base::TimePoint start = reactor->now();
    late.set(start + base::milliseconds(30));
    early.set(start + base::milliseconds(60));
    early.set(start + base::milliseconds(10));
    never.set(start + base::milliseconds(5));
    never.clear();
    reactor->run();
    BOOST_TEST(order == "el");
    BOOST_TEST(reactor->now() - start >= base::milliseconds(30));
    BOOST_TEST(!late.armed());
}

BOOST_DATA_TEST_CASE(an_idle_reactor_uses_no_cpu, support::engines(), engine) {
    const auto reactor = support::open_reactor(engine);
    SocketPair pair;
    std::array<std::byte, 4> buffer;
    reactor->receive(pair.near.get(), buffer, [](int) {});
    target::Timer end(*reactor, [&] { reactor->stop(); });
    end.set(reactor->now() + base::milliseconds(200));
    const base::milliseconds before = cpu_time();
    reactor->run();
    BOOST_TEST((cpu_time() - before < base::milliseconds(20)));
    shutdown(pair.near.get(), SHUT_RDWR);
}

BOOST_DATA_TEST_CASE(stop_waits_for_the_disk, support::engines(), engine) {
    const auto reactor = support::open_reactor(engine);
    const support::TempDir dir;
    const auto fd = base::open_file(dir.file("image", ""), O_RDWR);
    BOOST_REQUIRE(fd.ok());
    int ended = 0;
    for (uint64_t i = 0; i < 1000; ++i) {
        reactor->write(fd->get(), base::bytes_of("x"), i, false, [&](int result) {
            BOOST_TEST(result == 1);
            ++ended;
        });
    }
    reactor->stop();
    reactor->defer([&] { reactor->stop(); });
    reactor->run();
    BOOST_TEST(ended == 1000);
}

BOOST_AUTO_TEST_CASE(stays_awake_while_it_pays) {
    using std::chrono::microseconds;
    target::Vigil vigil;
    BOOST_TEST(!vigil.begins());
    vigil.set(microseconds(50));
    const auto trials = [&](bool in_time, microseconds took, int turns) {
        int count = 0;
        for (int i = 0; i < turns; ++i) {
            if (vigil.begins()) {
                ++count;
                vigil.ended(in_time, took);
            }
        }
        return count;
    };
    BOOST_TEST(trials(false, microseconds(50), 650) == 10);  // nothing comes: a trial now and then
    BOOST_TEST(trials(true, microseconds(5), 650) > 580);    // it does: nearly always
    BOOST_TEST(trials(false, microseconds(50), 650) < 20);   // and soon given up again
    BOOST_TEST(trials(true, microseconds(5), 650) > 580);
    BOOST_TEST(trials(true, microseconds(3000), 4000) == 1);  // others want the processor
}

BOOST_DATA_TEST_CASE(an_awake_loop_does_the_same, support::engines(), engine) {
    const auto reactor = support::open_reactor(engine);
    reactor->busy_poll(std::chrono::microseconds(1000));
    std::array<int, 2> ends{};
    BOOST_REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0);
    base::UniqueFd one(ends[0]), two(ends[1]);
    std::array<std::byte, 1> in{}, out{};
    iovec part{out.data(), out.size()};
    int rounds = 0;
    std::function<void()> round = [&] {
        reactor->receive(two.get(), in, [&](int result) {
            BOOST_TEST(result == 1);
            ++rounds < 500 ? round() : reactor->stop();
        });
        reactor->send(one.get(), std::span(&part, 1), [](int result) { BOOST_TEST(result == 1); });
    };
    bool fired = false;
    target::Timer timer(*reactor, [&] { fired = true; });
    timer.set(reactor->now());
    round();
    reactor->run();
    BOOST_TEST(rounds == 500);
    BOOST_TEST(fired);
    reactor->close(std::move(one));
    reactor->close(std::move(two));
}

BOOST_DATA_TEST_CASE(what_defers_itself_again_and_again_keeps_nobody_from_his_turn,
                     support::engines(), engine) {
    const auto reactor = support::open_reactor(engine);
    const base::UniqueFd event(eventfd(1, EFD_CLOEXEC));
    bool heard = false;
    bool fired = false;
    size_t rounds = 0;
    reactor->wait_readable(event.get(), [&](int) { heard = true; });
    target::Timer timer(*reactor, [&] { fired = true; });
    timer.set(reactor->now());
    std::function<void()> again = [&] {
        ++rounds;
        if ((heard && fired) || rounds == 1'000'000) {
            reactor->stop();
        } else {
            reactor->defer(again);
        }
    };
    reactor->defer(again);
    reactor->run();
    BOOST_TEST((heard && fired));
    BOOST_TEST(rounds < 1'000'000U);
}

BOOST_AUTO_TEST_SUITE_END()
