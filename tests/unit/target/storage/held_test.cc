// SPDX-License-Identifier: GPL-2.0-or-later
//
// The retry waits for files and ports of a killed server, and for nothing else.
#include "target/storage/held.h"

#include "base/result.h"
#include "support/fake_clock.h"
#include "support/test.h"

namespace {

/// Fails `failures` times with `code`, then succeeds.
struct Attempts {
    int failures;
    int code;
    int made = 0;

    base::Result<int> operator()() {
        return made++ < failures ? base::Result<int>(base::errno_error(code, "bind")) : made;
    }
};

struct Held {
    support::FakeClock clock;

    base::Result<int> run(Attempts& attempts) {
        return target::while_held(clock, [&] { return attempts(); });
    }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(held, Held)

BOOST_AUTO_TEST_CASE(a_port_and_a_lock_are_tried_again) {
    for (const int code : {EADDRINUSE, EAGAIN}) {
        Attempts attempts{.failures = 3, .code = code};
        const auto result = run(attempts);
        BOOST_REQUIRE(result.ok());
        BOOST_TEST(*result == 4);
    }
}

BOOST_AUTO_TEST_CASE(a_file_that_stays_held_is_reported_after_five_seconds) {
    Attempts attempts{.failures = 1 << 20, .code = EADDRINUSE};
    const auto began = clock.now();
    BOOST_TEST(run(attempts).error().text == "bind: Address already in use");
    BOOST_TEST(clock.now() - began == base::seconds(5));
}

BOOST_AUTO_TEST_CASE(another_failure_is_reported_at_once) {
    for (const int code : {EACCES, EADDRNOTAVAIL, 0}) {
        Attempts attempts{.failures = 1, .code = code};
        BOOST_TEST(!run(attempts).ok());
        BOOST_TEST(attempts.made == 1);
    }
}

BOOST_AUTO_TEST_SUITE_END()
