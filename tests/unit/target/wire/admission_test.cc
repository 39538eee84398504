// SPDX-License-Identifier: GPL-2.0-or-later
//
// Which connections are closed, wait or are refused, with peers whose standing the test decides.
#include "target/wire/admission.h"

#include <sys/socket.h>

#include <array>
#include <deque>
#include <vector>

#include "support/engines.h"
#include "support/test.h"

using base::milliseconds;
using base::seconds;
using target::Admission;
using target::Standing;
using Verdict = Admission::Verdict;

namespace {

class StandingSession final : public target::Session {
  public:
    explicit StandingSession(const Standing& standing) : standing_(standing) {}
    void receive(base::ByteView, base::TimePoint) override {}
    [[nodiscard]] bool wants_input() const override { return false; }
    [[nodiscard]] size_t output(std::span<base::ByteView>) const override { return 0; }
    void sent(size_t) override {}
    [[nodiscard]] bool wants_close() const override { return false; }
    [[nodiscard]] Standing standing() const override { return standing_; }
    [[nodiscard]] std::optional<base::TimePoint> next_deadline() const override { return {}; }
    void on_timer(base::TimePoint) override {}

  private:
    const Standing& standing_;
};

/// Connections that are never served.
class Crowd final : public target::SessionFactory, public target::ConnectionOwner {
  public:
    explicit Crowd(const Admission::Bounds& bounds)
        : admission(bounds), reactor_(support::open_reactor(target::Reactor::Engine::kEpoll)) {}

    target::Connection& add(const Standing& standing, const std::string& address = "192.0.2.1") {
        std::array<int, 2> ends{};
        BOOST_REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0);
        peers_.emplace_back(ends[1]);
        standings_.push_back(standing);
        auto& connection = connections_.emplace_back(*reactor_, *this, base::UniqueFd(ends[0]),
                                                     base::MutableBytes(scratch_));
        connection.open(*this, {});
        admission.add(connection, address);
        return connection;
    }
    std::unique_ptr<target::Session> make(target::SessionOwner&, target::Endpoints,
                                          base::TimePoint) override {
        return std::make_unique<StandingSession>(standings_.back());
    }
    void admitted(target::Connection&) override {}
    void closed(target::Connection&) override {}

    Admission admission;
    const base::TimePoint now{seconds(1000)};

  private:
    std::unique_ptr<target::Reactor> reactor_;
    base::Bytes scratch_ = base::Bytes(target::Connection::kScratchBytes);
    std::vector<base::UniqueFd> peers_;
    std::deque<Standing> standings_;
    std::deque<target::Connection> connections_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(admission)

BOOST_AUTO_TEST_CASE(a_crowd_that_has_just_come_is_given_time_to_speak) {
    Crowd crowd({.strangers = 2});
    auto& first = crowd.add({.last_step = crowd.now});
    crowd.add({.last_step = crowd.now + milliseconds(1)}, "192.0.2.3");
    BOOST_TEST(crowd.admission.decide("192.0.2.2", crowd.now + milliseconds(249)).verdict ==
               Verdict::kWait);
    const auto later = crowd.admission.decide("192.0.2.2", crowd.now + milliseconds(250));
    BOOST_TEST(later.verdict == Verdict::kTake);
    BOOST_TEST(later.victim == &first);
}

BOOST_AUTO_TEST_CASE(silence_goes_before_standstill_and_work_of_ours_is_neither) {
    Crowd crowd({.strangers = 3});
    crowd.add({.spoke = true, .last_step = base::TimePoint::max()});  // waits for us
    auto& stands_still =
        crowd.add({.spoke = true, .last_step = crowd.now - seconds(3)}, "192.0.2.3");
    auto& silent = crowd.add({.last_step = crowd.now - seconds(1)}, "192.0.2.4");
    BOOST_TEST(crowd.admission.decide("192.0.2.2", crowd.now).victim == &silent);
    crowd.admission.remove(silent);
    crowd.add({.last_step = crowd.now}, "192.0.2.4");
    BOOST_TEST(crowd.admission.decide("192.0.2.2", crowd.now).victim == &stands_still);
    crowd.admission.remove(stands_still);
    crowd.add({.spoke = true, .last_step = crowd.now - seconds(1)}, "192.0.2.3");
    BOOST_TEST(crowd.admission.decide("192.0.2.2", crowd.now).verdict == Verdict::kWait);
}

BOOST_AUTO_TEST_CASE(guests_are_never_victims) {
    Crowd crowd({.connections = 2, .of_one_address = 2});
    for (const char* address : {"192.0.2.1", "192.0.2.2"}) {
        (void)crowd.admission.admit(crowd.add({.last_step = crowd.now - seconds(9)}, address),
                                    crowd.now);
    }
    BOOST_TEST(crowd.admission.strangers() == 0U);
    BOOST_TEST(crowd.admission.decide("192.0.2.3", crowd.now).verdict == Verdict::kAllTaken);
}

BOOST_AUTO_TEST_CASE(an_address_has_its_own_bound) {
    Crowd crowd({.of_one_address = 1});
    auto& first = crowd.add({.last_step = crowd.now});
    BOOST_TEST(
        (crowd.admission.decide("192.0.2.1", crowd.now).verdict == Verdict::kAddressAtBound));
    BOOST_TEST(crowd.admission.decide("192.0.2.2", crowd.now).verdict == Verdict::kTake);
    crowd.admission.remove(first);
    crowd.admission.remove(first);
    BOOST_TEST(crowd.admission.decide("192.0.2.1", crowd.now).verdict == Verdict::kTake);
}

BOOST_AUTO_TEST_CASE(a_pending_connection_of_a_crowded_address_gives_way_to_another_address) {
    Crowd crowd({.strangers = 3});
    auto& first = crowd.add({.spoke = true, .last_step = crowd.now}, "192.0.2.66");
    crowd.add({.spoke = true, .last_step = crowd.now}, "192.0.2.66");
    crowd.add({.spoke = true, .last_step = crowd.now}, "192.0.2.66");
    BOOST_TEST(crowd.admission.decide("192.0.2.1", crowd.now).victim == &first);
    BOOST_TEST(crowd.admission.decide("192.0.2.66", crowd.now).verdict == Verdict::kWait);
}

BOOST_AUTO_TEST_CASE(visitors_leave_the_kept_share_and_give_way_to_other_addresses) {
    Crowd crowd({.connections = 8, .kept = 4});
    const Standing visits{.admitted = true, .last_step = crowd.now, .visits = true};
    std::vector<target::Connection*> visitors;
    for (int i = 0; i < 4; ++i) {
        visitors.push_back(&crowd.add(visits, "192.0.2.66"));
        BOOST_TEST(crowd.admission.admit(*visitors.back(), crowd.now) == nullptr);
    }
    auto& same = crowd.add(visits, "192.0.2.66");
    BOOST_TEST(crowd.admission.admit(same, crowd.now) == &same);  // all of them ask, all the time
    crowd.admission.remove(same);
    auto& other = crowd.add(visits, "192.0.2.1");
    BOOST_TEST(crowd.admission.admit(other, crowd.now) == visitors[0]);
    crowd.admission.remove(*visitors[0]);
    auto& later = crowd.add(visits, "192.0.2.66");
    BOOST_TEST(crowd.admission.admit(later, crowd.now + seconds(2)) == visitors[1]);
    BOOST_TEST(crowd.admission.guests() == 5U);
    BOOST_TEST(crowd.admission.visitors() == 5U);
}

BOOST_AUTO_TEST_CASE(authenticated_hosts_have_all_that_guests_leave) {
    Crowd crowd({.connections = 4, .kept = 2});
    const Standing guest{.admitted = true, .last_step = crowd.now};
    const Standing proved{.admitted = true, .last_step = crowd.now, .proved = true};
    for (int i = 0; i < 2; ++i) {
        BOOST_TEST(crowd.admission.admit(crowd.add(guest, "192.0.2.66"), crowd.now) == nullptr);
    }
    auto& one_more = crowd.add(guest, "192.0.2.67");
    BOOST_TEST(crowd.admission.admit(one_more, crowd.now) == &one_more);
    crowd.admission.remove(one_more);
    for (int i = 0; i < 2; ++i) {
        BOOST_TEST(crowd.admission.decide("192.0.2.1", crowd.now).verdict == Verdict::kTake);
        BOOST_TEST(crowd.admission.admit(crowd.add(proved), crowd.now) == nullptr);
    }
    BOOST_TEST(crowd.admission.decide("192.0.2.1", crowd.now).verdict == Verdict::kAllTaken);
    crowd.admission.keep(0);
    BOOST_TEST(crowd.admission.bounds().kept == 0U);
}

BOOST_AUTO_TEST_CASE(where_all_are_taken_a_quiet_visitor_goes) {
    Crowd crowd({.connections = 2});
    const Standing visits{.admitted = true, .last_step = crowd.now, .visits = true};
    auto& visitor = crowd.add(visits);
    (void)crowd.admission.admit(visitor, crowd.now);
    (void)crowd.admission.admit(
        crowd.add({.admitted = true, .last_step = crowd.now, .proved = true}), crowd.now);
    BOOST_TEST(crowd.admission.decide("192.0.2.1", crowd.now).verdict == Verdict::kWait);
    BOOST_TEST(crowd.admission.decide("192.0.2.1", crowd.now + seconds(2)).victim == &visitor);
}

BOOST_AUTO_TEST_SUITE_END()
