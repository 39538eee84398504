// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/clock.h"

#include "support/fake_clock.h"
#include "support/test.h"

BOOST_AUTO_TEST_SUITE(deadlines)

BOOST_AUTO_TEST_CASE(deadlines_count_down_to_zero_and_nest) {
    using base::milliseconds;
    support::FakeClock clock;
    const base::Deadline whole(clock, milliseconds(1000));
    const base::Deadline part = whole.within(milliseconds(300));
    BOOST_TEST(whole.within(milliseconds(5000)).left().count() == 1000);
    clock.sleep(milliseconds(299));
    BOOST_TEST(!part.passed());
    BOOST_TEST(part.left().count() == 1);
    clock.sleep(milliseconds(2));
    BOOST_TEST(part.passed());
    BOOST_TEST(part.left().count() == 0);
    BOOST_TEST(whole.left().count() == 699);
}

BOOST_AUTO_TEST_SUITE_END()
