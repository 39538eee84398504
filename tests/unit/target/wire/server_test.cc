// SPDX-License-Identifier: GPL-2.0-or-later
//
// Server and Connection over loopback TCP, with sessions that know no protocol.
#include "target/wire/server.h"

#include <sys/eventfd.h>

#include <boost/test/data/test_case.hpp>
#include <future>
#include <thread>

#include "support/engines.h"
#include "support/tcp_peer.h"
#include "support/test.h"

namespace server_test {

using target::Reactor;

/// Sends back what it gets; '!' makes the peer no stranger any more, 'q' asks for the close, 't'
/// asks for a timer that answers 'T', 'f' answers with more bytes than a socket takes.
class EchoSession final : public target::Session {
  public:
    static constexpr size_t kFlood = 8U << 20U;

    EchoSession(target::SessionOwner& owner, target::Endpoints endpoints, base::TimePoint now,
                int& alive)
        : owner_(owner), endpoints_(std::move(endpoints)), alive_(alive) {
        standing_.last_step = now;
        ++alive_;
    }
    ~EchoSession() override { --alive_; }

    void receive(base::ByteView bytes, base::TimePoint now) override {
        standing_.spoke = true;
        standing_.last_step = now;
        for (const std::byte byte : bytes) {
            standing_.admitted = standing_.admitted || static_cast<char>(byte) == '!';
            switch (static_cast<char>(byte)) {
                case 'q':
                    close_ = true;
                    break;
                case 't':
                    deadline_ = now + base::milliseconds(20);
                    break;
                case 'f':
                    out_.resize(out_.size() + kFlood, std::byte{'F'});
                    break;
                case 'a':
                    append(endpoints_.local_address + " " + endpoints_.peer);
                    break;
                default:
                    out_.push_back(byte);
            }
        }
        owner_.ready();
    }
    [[nodiscard]] bool wants_input() const override { return !close_ && out_.size() < kFlood; }
    [[nodiscard]] size_t output(std::span<base::ByteView> segments) const override {
        const base::ByteView all = base::ByteView(out_).subspan(gone_);
        const size_t half = all.size() / 2;
        size_t count = 0;
        for (const base::ByteView part : {all.first(half), all.subspan(half)}) {
            if (!part.empty() && count < segments.size()) {
                segments[count++] = part;
            }
        }
        return count;
    }
    void sent(size_t bytes) override {
        gone_ += bytes;
        if (gone_ == out_.size()) {
            out_.clear();
            gone_ = 0;
        }
    }
    [[nodiscard]] bool wants_close() const override { return close_; }
    [[nodiscard]] target::Standing standing() const override { return standing_; }
    [[nodiscard]] std::optional<base::TimePoint> next_deadline() const override {
        return deadline_;
    }
    void on_timer(base::TimePoint now) override {
        if (deadline_ && now >= *deadline_) {
            deadline_.reset();
            append("T");
        }
    }

  private:
    void append(std::string_view text) {
        const base::ByteView bytes = base::bytes_of(text);
        out_.insert(out_.end(), bytes.begin(), bytes.end());
        owner_.ready();
    }

    target::SessionOwner& owner_;
    target::Endpoints endpoints_;
    int& alive_;
    base::Bytes out_;
    size_t gone_ = 0;
    std::optional<base::TimePoint> deadline_;
    target::Standing standing_;
    bool close_ = false;
};

class EchoFactory final : public target::SessionFactory {
  public:
    std::unique_ptr<target::Session> make(target::SessionOwner& owner, target::Endpoints endpoints,
                                          base::TimePoint now) override {
        ++made;
        return std::make_unique<EchoSession>(owner, std::move(endpoints), now, alive);
    }
    int made = 0;
    int alive = 0;
};

/// A blocking client in the test's thread.
class Client {
  public:
    explicit Client(const target::SocketAddress& address) : socket_(support::connect_to(address)) {}
    void say(std::string_view text) const {
        BOOST_REQUIRE(base::write_all(socket_.get(), text).ok());
    }
    /// Exactly `count` bytes, or fewer at the end of the stream.
    [[nodiscard]] std::string hear(size_t count) const {
        base::Bytes bytes(count);
        const auto got = base::read_full(socket_.get(), bytes);
        return got.ok() ? std::string(base::text_of(std::span(bytes).first(*got))) : "reset";
    }

  private:
    base::UniqueFd socket_;
};

/// A server on a thread of its own; the test's thread plays the clients.
class Running {
  public:
    explicit Running(Reactor::Engine engine,
                     const target::Admission::Bounds& bounds = {.connections = 100},
                     const std::string& where = "127.0.0.1") {
        thread_ = std::thread([=, this] { serve(engine, bounds, where); });
        started_.get_future().wait();
    }
    ~Running() { stop(); }

    /// Stops the server in order and waits until it is over.
    void stop(base::milliseconds patience = base::milliseconds(2000)) {
        if (thread_.joinable()) {
            patience_ = patience;
            eventfd_write(stop_.get(), 1);
            thread_.join();
        }
    }

    EchoFactory factory;
    target::SocketAddress address;
    std::string trouble;
    size_t left_over = 0;

  private:
    void serve(Reactor::Engine engine, const target::Admission::Bounds& bounds,
               const std::string& where) {
        const auto reactor = support::open_reactor(engine);
        target::Server server(*reactor, factory,
                              {bounds, [this](const auto& text) { trouble = text; }});
        const auto bound = server.listen({where, 0});
        BOOST_REQUIRE(bound.ok());
        address = *bound;
        reactor->wait_readable(stop_.get(),
                               [&](int) { server.stop(patience_, [&] { reactor->stop(); }); });
        started_.set_value();
        reactor->run();
        left_over = server.connection_count();
    }

    base::UniqueFd stop_{eventfd(0, EFD_CLOEXEC)};
    std::promise<void> started_;
    base::milliseconds patience_{};
    std::thread thread_;
};

}  // namespace server_test

using namespace server_test;

BOOST_AUTO_TEST_SUITE(server)

BOOST_DATA_TEST_CASE(bytes_go_in_and_come_out, support::engines(), engine) {
    Running running(engine);
    const Client one(running.address), two(running.address);
    one.say("hello");
    two.say("world");
    BOOST_TEST(one.hear(5) == "hello");
    BOOST_TEST(two.hear(5) == "world");
    const std::string large(1U << 20U, 'x');
    std::thread writer([&] { one.say(large); });
    BOOST_TEST(one.hear(large.size()) == large);
    writer.join();
}

BOOST_DATA_TEST_CASE(a_session_learns_both_addresses, support::engines(), engine) {
    for (const std::string address : {"127.0.0.1", "::1"}) {
        Running running(engine, {.connections = 4}, address);
        const Client client(running.address);
        client.say("aq");
        const std::string text = client.hear(1000);
        BOOST_TEST(text.starts_with(address + " " + (address == "::1" ? "[::1]:" : "127.0.0.1:")));
    }
}

BOOST_DATA_TEST_CASE(output_is_sent_before_the_close, support::engines(), engine) {
    Running running(engine);
    const Client client(running.address);
    client.say("abcfqdez");
    // 'a' is answered with addresses, so the count is not known: the flood ends it.
    const std::string all = client.hear(EchoSession::kFlood + 200);
    BOOST_TEST(all.ends_with("Fdez"));
    BOOST_TEST(client.hear(1).empty());
}

BOOST_DATA_TEST_CASE(a_session_that_closes_ignores_late_input, support::engines(), engine) {
    Running running(engine);
    const Client client(running.address);
    client.say("zq");
    BOOST_TEST(client.hear(1) == "z");
    BOOST_TEST(client.hear(1).empty());
    client.say("late");  // discarded: no reset
    BOOST_TEST(client.hear(1).empty());
}

BOOST_DATA_TEST_CASE(deadlines_become_timers, support::engines(), engine) {
    Running running(engine);
    const Client client(running.address);
    client.say("t");
    BOOST_TEST(client.hear(1) == "T");
}

BOOST_DATA_TEST_CASE(a_vanished_peer_takes_its_session_with_it, support::engines(), engine) {
    Running running(engine);
    for (int i = 0; i < 50; ++i) {
        const Client client(running.address);
        client.say(i % 2 == 0 ? "x" : "f");
        BOOST_TEST(client.hear(1).size() == 1U);
    }
    running.stop();
    BOOST_TEST(running.factory.made == 50);
    BOOST_TEST(running.factory.alive == 0);
    BOOST_TEST(running.left_over == 0U);
}

BOOST_DATA_TEST_CASE(one_too_many_is_closed_and_told_of, support::engines(), engine) {
    Running running(engine, {.connections = 2});
    const Client one(running.address), two(running.address);
    one.say("!");
    two.say("!");
    BOOST_TEST(one.hear(1) == "!");
    BOOST_TEST(two.hear(1) == "!");
    const Client three(running.address);
    BOOST_TEST(three.hear(1).empty());
    running.stop();
    BOOST_TEST(running.trouble == "refusing connections: all 2 are in use");
}

BOOST_DATA_TEST_CASE(one_address_may_have_so_many, support::engines(), engine) {
    Running running(engine, {.of_one_address = 1});
    {
        const Client one(running.address);
        one.say("1");
        BOOST_TEST(one.hear(1) == "1");
        const Client two(running.address);
        BOOST_TEST(two.hear(1).empty());
    }
    std::string answer;
    while (answer.empty()) {  // until the server has seen that the first is gone
        const Client three(running.address);
        three.say("3");
        answer = three.hear(1);
        answer = answer == "reset" ? "" : answer;
    }
    BOOST_TEST(answer == "3");
    running.stop();
    BOOST_TEST(running.trouble == "refusing connections from 127.0.0.1: it has 1");
}

BOOST_DATA_TEST_CASE(who_says_nothing_makes_room, support::engines(), engine) {
    Running running(engine, {.strangers = 2});
    const Client guest(running.address);
    guest.say("!");
    BOOST_TEST(guest.hear(1) == "!");
    const Client speaks(running.address);
    speaks.say("1");
    BOOST_TEST(speaks.hear(1) == "1");
    const Client silent(running.address), next(running.address);
    BOOST_TEST(silent.hear(1).empty());
    next.say("2");
    BOOST_TEST(next.hear(1) == "2");
    guest.say("3");
    speaks.say("4");
    BOOST_TEST(guest.hear(1) == "3");
    BOOST_TEST(speaks.hear(1) == "4");
    running.stop();
    BOOST_TEST(running.trouble == "closing silent connections to make room for others");
}

BOOST_DATA_TEST_CASE(where_all_speak_one_more_waits, support::engines(), engine) {
    Running running(engine, {.strangers = 1});
    const Client first(running.address);
    first.say("1");
    BOOST_TEST(first.hear(1) == "1");
    const Client second(running.address);
    second.say("2");
    first.say("!");  // no stranger any more
    BOOST_TEST(first.hear(1) == "!");
    BOOST_TEST(second.hear(1) == "2");
    const Client third(running.address);
    third.say("3");  // until the second stands still for too long
    BOOST_TEST(third.hear(1) == "3");
    BOOST_TEST(second.hear(1).empty());
    running.stop();
    BOOST_TEST(running.left_over == 0U);
}

BOOST_DATA_TEST_CASE(stop_sends_what_is_owed, support::engines(), engine) {
    Running running(engine);
    const Client client(running.address);
    client.say("f");
    BOOST_TEST(client.hear(1) == "F");
    std::thread reader(
        [&] { BOOST_TEST(client.hear(EchoSession::kFlood).size() == EchoSession::kFlood - 1); });
    running.stop();
    reader.join();
}

BOOST_DATA_TEST_CASE(stop_does_not_wait_for_a_peer_that_takes_nothing, support::engines(), engine) {
    Running running(engine);
    const Client client(running.address);
    client.say("f");
    BOOST_TEST(client.hear(1) == "F");
    running.stop(base::milliseconds(50));
    BOOST_TEST(running.factory.alive == 0);
    BOOST_TEST(running.left_over == 0U);
}

BOOST_AUTO_TEST_CASE(addresses_have_one_text_form) {
    BOOST_TEST(target::to_text({"192.0.2.1", 4420}) == "192.0.2.1:4420");
    BOOST_TEST(target::to_text({"fd00::1", 8009}) == "[fd00::1]:8009");
}

BOOST_AUTO_TEST_CASE(refused_addresses_are_named) {
    const auto reactor = support::open_reactor(Reactor::Engine::kEpoll);
    EchoFactory factory;
    target::Server server(*reactor, factory, {});
    const auto first = server.listen({"127.0.0.1", 0});
    BOOST_REQUIRE(first.ok());
    const auto second = server.listen(*first);
    BOOST_REQUIRE(!second.ok());
    BOOST_TEST(second.error().text ==
               "listen on " + target::to_text(*first) + ": bind: Address already in use");
    BOOST_TEST(server.listen({"198.51.100.1", 0}).error().text ==
               "listen on 198.51.100.1:0: bind: Cannot assign requested address");
    BOOST_TEST(server.listen({"localhost", 1}).error().text ==
               "listen on localhost:1: not a numeric IPv4 or IPv6 address");
    server.stop(base::milliseconds(0), [&] { reactor->stop(); });
    reactor->run();
}

BOOST_AUTO_TEST_SUITE_END()
