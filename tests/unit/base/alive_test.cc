// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/alive.h"

#include <boost/test/unit_test.hpp>
#include <functional>
#include <optional>

BOOST_AUTO_TEST_SUITE(alive)

BOOST_AUTO_TEST_CASE(a_guarded_call_is_made_until_its_owner_ends) {
    int calls = 0;
    std::optional<base::Alive> owner(std::in_place);
    const std::function<void(int)> call = owner->guard([&](int by) { calls += by; });
    call(2);
    BOOST_TEST(calls == 2);
    owner->end();
    call(2);
    owner.reset();
    call(2);
    BOOST_TEST(calls == 2);
}

BOOST_AUTO_TEST_SUITE_END()
