// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/join.h"

#include <vector>

#include "base/backoff.h"
#include "support/test.h"

BOOST_AUTO_TEST_SUITE(join)

BOOST_AUTO_TEST_CASE(separators_are_between_the_parts_only) {
    using List = std::vector<std::string>;
    BOOST_TEST(base::join(List{}, ", ") == "");
    BOOST_TEST(base::join(List{"a"}, ", ") == "a");
    BOOST_TEST(base::join(List{"a", "", "c"}, ", ") == "a, , c");
    BOOST_TEST(base::join(std::vector<int>{1, 2}, "-", [](int n) { return std::to_string(n); }) ==
               "1-2");
    std::string list;
    base::append_part(list, "; ", "a");
    base::append_part(list, "; ", "b");
    BOOST_TEST(list == "a; b");
}

BOOST_AUTO_TEST_CASE(pauses_double_up_to_the_longest) {
    base::Backoff backoff(base::seconds(1), base::seconds(5));
    for (const int expected : {1, 2, 4, 5, 5}) {
        BOOST_TEST(backoff.next() == base::seconds(expected));
    }
}

BOOST_AUTO_TEST_SUITE_END()
