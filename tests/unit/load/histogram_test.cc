// SPDX-License-Identifier: GPL-2.0-or-later
#include "load/histogram.h"

#include "support/test.h"

namespace {

using load::Histogram;
using std::chrono::nanoseconds;
using std::chrono::seconds;

}  // namespace

BOOST_AUTO_TEST_SUITE(histogram)

BOOST_AUTO_TEST_CASE(small_values_are_exact) {
    Histogram histogram;
    for (int i = 1; i <= 100; ++i) {
        histogram.add(nanoseconds(i));
    }
    BOOST_TEST(histogram.count() == 100U);
    BOOST_TEST(histogram.percentile(50).count() == 50);
    BOOST_TEST(histogram.percentile(99).count() == 99);
    BOOST_TEST(histogram.percentile(99.9).count() == 100);
    BOOST_TEST(histogram.mean().count() == 50);
    BOOST_TEST(histogram.max().count() == 100);
}

BOOST_AUTO_TEST_CASE(every_value_is_known_to_two_percent) {
    for (int64_t value = 1; value < int64_t{1} << 60U; value = value * 5 / 4 + 1) {
        Histogram histogram;
        histogram.add(nanoseconds(value));
        histogram.add(seconds(2'000'000'000));
        const int64_t shown = histogram.percentile(50).count();
        BOOST_TEST(shown >= value);
        BOOST_TEST(shown - value <= value / 64);
    }
}

BOOST_AUTO_TEST_CASE(a_percentile_never_exceeds_the_largest_value) {
    Histogram histogram;
    histogram.add(nanoseconds(1'000'001));
    BOOST_TEST(histogram.percentile(99.9).count() == 1'000'001);
}

BOOST_AUTO_TEST_CASE(nothing_and_negative_values_are_zero) {
    Histogram histogram;
    BOOST_TEST(histogram.percentile(50).count() == 0);
    BOOST_TEST(histogram.mean().count() == 0);
    histogram.add(nanoseconds(-5));
    BOOST_TEST(histogram.percentile(50).count() == 0);
    BOOST_TEST(histogram.count() == 1U);
}

BOOST_AUTO_TEST_CASE(merging_adds_what_the_other_saw) {
    Histogram a, b;
    a.add(nanoseconds(10));
    b.add(nanoseconds(30));
    b.add(nanoseconds(50));
    a.merge(b);
    BOOST_TEST(a.count() == 3U);
    BOOST_TEST(a.percentile(50).count() == 30);
    BOOST_TEST(a.max().count() == 50);
    BOOST_TEST(a.mean().count() == 30);
}

BOOST_AUTO_TEST_SUITE_END()
