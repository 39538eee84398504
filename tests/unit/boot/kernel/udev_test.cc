// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/kernel/udev.h"

#include "support/fake_clock.h"
#include "support/temp_dir.h"
#include "support/test.h"

namespace {

struct Fake {
    support::TempDir dir;
    base::SysPaths sys;
    support::FakeClock clock;

    Fake() {
        sys.sys = dir.at("sys");
        sys.run = dir.at("run");
        dir.file("sys/class/net/lo/ifindex", "1\n");
        dir.file("sys/class/net/eth0/ifindex", "2\n");
    }

    base::milliseconds waited() {
        const auto before = clock.now();
        boot::await_interface_names(sys, clock, base::Deadline(clock, base::seconds(3)));
        return std::chrono::duration_cast<base::milliseconds>(clock.now() - before);
    }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(udev)

BOOST_AUTO_TEST_CASE(without_udev_nothing_is_waited_for) {
    Fake fake;
    BOOST_TEST(fake.waited().count() == 0);
}

BOOST_AUTO_TEST_CASE(an_interface_that_udev_knows_is_not_waited_for) {
    Fake fake;
    fake.dir.file("run/udev/control", "");
    fake.dir.file("run/udev/data/n2", "I:1\n");
    BOOST_TEST(fake.waited().count() == 0);
}

BOOST_AUTO_TEST_CASE(the_wait_for_a_udev_that_does_nothing_ends) {
    Fake fake;
    fake.dir.file("run/udev/control", "");
    BOOST_TEST(fake.waited().count() >= 3000);
    BOOST_TEST(fake.waited().count() < 3100);
}

BOOST_AUTO_TEST_SUITE_END()
