// SPDX-License-Identifier: GPL-2.0-or-later
#define BOOST_TEST_DYN_LINK
#define BOOST_TEST_MODULE nvmeroot
#include <boost/test/unit_test.hpp>
