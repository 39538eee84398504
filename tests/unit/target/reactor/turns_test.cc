// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/reactor/turns.h"

#include "support/fake_clock.h"
#include "support/test.h"

namespace {

using base::milliseconds;

struct Fixture {
    support::FakeClock clock;
    target::Turns turns{2, clock};

    /// How long a turn of control has to wait for its beginning.
    base::TimePoint::duration work(milliseconds length) {
        const base::TimePoint asked = clock.now();
        turns.control().begin();
        const base::TimePoint began = clock.now();
        clock.sleep(length);
        turns.control().end();
        return began - asked;
    }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(turns, Fixture)

BOOST_AUTO_TEST_CASE(control_rests_as_long_as_it_has_worked) {
    BOOST_TEST(work(milliseconds(5)) == milliseconds(0));
    BOOST_TEST(work(milliseconds(2)) == milliseconds(5));
    BOOST_TEST(work(milliseconds(0)) == milliseconds(2));
    BOOST_TEST(work(milliseconds(0)) == milliseconds(0));
}

BOOST_AUTO_TEST_CASE(time_between_turns_is_rest) {
    (void)work(milliseconds(5));
    clock.sleep(milliseconds(3));
    BOOST_TEST(work(milliseconds(0)) == milliseconds(2));
    (void)work(milliseconds(5));
    clock.sleep(milliseconds(20));
    BOOST_TEST(work(milliseconds(5)) == milliseconds(0));
}

BOOST_AUTO_TEST_CASE(however_many_turns_lanes_have_half_of_the_time) {
    const base::TimePoint begin = clock.now();
    constexpr int kTurns = 1000;
    for (int i = 0; i < kTurns; ++i) {
        (void)work(milliseconds(1));
    }
    BOOST_TEST(clock.now() - begin >= milliseconds(2 * kTurns - 1));
}

BOOST_AUTO_TEST_SUITE_END()
