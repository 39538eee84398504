// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/kernel/kmsg.h"

#include "support/fake_clock.h"
#include "support/fake_kmsg.h"
#include "support/test.h"

BOOST_AUTO_TEST_SUITE(kmsg)

BOOST_AUTO_TEST_CASE(a_record_gives_sequence_time_and_the_first_line) {
    uint64_t sequence = 0;
    const auto line = boot::parse_kmsg_record(
        "6,1013,2400000,-,caller=T1;nvme nvme0: live\n DEVICE=c1\n", sequence);
    BOOST_REQUIRE(line.has_value());
    BOOST_TEST(sequence == 1013U);
    BOOST_TEST(line->microseconds == 2400000U);
    BOOST_TEST(line->text == "nvme nvme0: live");
}

BOOST_AUTO_TEST_CASE(lines_of_user_space_are_not_evidence) {
    uint64_t sequence = 0;
    BOOST_TEST(!boot::parse_kmsg_record("14,7,1,-;nvme nvme0: live\n", sequence).has_value());
    BOOST_TEST(sequence == 7U);
    BOOST_TEST(!boot::parse_kmsg_record("12,8,1,-;x", sequence).has_value());
}

BOOST_AUTO_TEST_CASE(garbage_is_not_a_record) {
    uint64_t sequence = 0;
    for (const char* bad :
         {"", ";", "6,1,2;x", "x,1,2,-;x", "6,x,2,-;x", "6,1,-2,-;x", "6,1,2,-"}) {
        BOOST_TEST(!boot::parse_kmsg_record(bad, sequence).has_value(), bad);
    }
    BOOST_TEST(sequence == 0U);
}

BOOST_AUTO_TEST_CASE(only_lines_of_the_very_controller_are_given) {
    support::FakeKmsg fake;
    boot::KernelLog log(fake.take_reader());
    fake.kernel("nvme nvme0: first");
    fake.kernel("nvme nvme01: another");
    fake.kernel("eth0: nvme nvme0: not at the beginning");
    fake.user("nvme nvme0: forged");
    fake.kernel("nvme nvme0: second");
    BOOST_REQUIRE(log.drain().ok());
    BOOST_TEST(log.lines().size() == 3U);
    const auto lines = log.of_controller("nvme0");
    BOOST_REQUIRE(lines.size() == 2U);
    BOOST_TEST(lines[1] == "second");
    BOOST_TEST(log.of_controller("nvme0", 1).size() == 1U);
    BOOST_TEST(!log.lost());
}

BOOST_AUTO_TEST_CASE(a_gap_in_the_sequence_is_noticed) {
    support::FakeKmsg fake;
    boot::KernelLog log(fake.take_reader());
    fake.kernel("nvme nvme0: first");
    fake.lose(1);
    fake.kernel("nvme nvme0: third");
    BOOST_REQUIRE(log.drain().ok());
    BOOST_TEST(log.lost());
}

BOOST_AUTO_TEST_CASE(a_flood_is_bounded_and_counts_as_loss) {
    support::FakeKmsg fake;
    boot::KernelLog log(fake.take_reader());
    for (size_t i = 0; i <= boot::KernelLog::kMaxLines; ++i) {
        fake.kernel("nvme nvme0: again");
        BOOST_REQUIRE(log.drain().ok());
    }
    BOOST_TEST(log.lines().size() == boot::KernelLog::kMaxLines);
    BOOST_TEST(log.lost());
}

BOOST_AUTO_TEST_CASE(waiting_ends_with_a_line_or_at_the_deadline) {
    support::FakeKmsg fake;
    boot::KernelLog log(fake.take_reader());
    const support::FakeClock clock;
    const base::Deadline now(clock, base::milliseconds(0));
    BOOST_TEST(!log.wait(now).value());
    fake.kernel("nvme nvme0: x");
    BOOST_TEST(log.wait(now).value());
    BOOST_TEST(log.lines().size() == 1U);
}

BOOST_AUTO_TEST_SUITE_END()
