// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/decimal.h"

#include "base/text.h"
#include "support/test.h"

BOOST_AUTO_TEST_SUITE(decimal)

BOOST_AUTO_TEST_CASE(is_written_as_printf_writes_it) {
    for (const double value :
         {0.0, 0.001, 0.01, 0.994, 0.996, 1.0, 9.999, 12.34, 1234567.891, -0.5, -12.349}) {
        BOOST_TEST(base::decimal_text(value, 2) == base::format("%.2f", value));
        BOOST_TEST(base::decimal_text(value, 3) == base::format("%.3f", value));
    }
    BOOST_TEST(base::decimal_text(41.6, 0) == "42");
}

BOOST_AUTO_TEST_SUITE_END()
