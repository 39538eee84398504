// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/handover/wait_report.h"

#include "base/fd.h"
#include "support/temp_dir.h"
#include "support/test.h"

using base::milliseconds;
using base::seconds;

namespace {

const base::TimePoint kBegin{seconds(100)};

/// A clock of which the process that reports sees each second as a millisecond.
struct QuickClock : base::Clock {
    base::TimePoint began = std::chrono::steady_clock::now();
    [[nodiscard]] base::TimePoint now() const override {
        return kBegin + (std::chrono::steady_clock::now() - began) * 1000;
    }
    void sleep(milliseconds) override {}
};

}  // namespace

BOOST_AUTO_TEST_SUITE(wait_report)

BOOST_AUTO_TEST_CASE(the_first_line_comes_after_ten_seconds_and_the_others_each_minute) {
    boot::WaitLines lines(kBegin, kBegin + seconds(180));
    lines.stage("network");
    BOOST_TEST(lines.next() == kBegin + seconds(10));
    BOOST_TEST(!lines.take(kBegin + milliseconds(9999)).has_value());
    BOOST_TEST(lines.take(kBegin + seconds(10)).value() ==
               "no root disk yet: waiting for the stage network; trying for 170 s more");
    BOOST_TEST(!lines.take(kBegin + seconds(11)).has_value());
    lines.trouble("192.0.2.10:4420: no answer");
    lines.stage("probe");
    BOOST_TEST(!lines.take(kBegin + seconds(69)).has_value());
    BOOST_TEST(lines.take(kBegin + seconds(70)).value() ==
               "no root disk yet: 192.0.2.10:4420: no answer; trying for 110 s more");
    BOOST_TEST(lines.take(kBegin + seconds(130)).has_value());
    BOOST_TEST(!lines.take(kBegin + seconds(190)).has_value());  // given up
}

BOOST_AUTO_TEST_CASE(the_lines_come_while_a_stage_sleeps_and_quiet_lets_them_through) {
    const support::TempDir dir;
    base::Log log("nvmeroot", base::Level::kNotice);
    log.silence_stderr();
    const std::string path = dir.file("kmsg", "");
    log.also_to_kmsg(base::open_file(path, 02 /* O_RDWR */).value());
    const QuickClock clock;
    {
        const boot::WaitReport report(log, clock, kBegin + seconds(100000));
        report.stage("probe");
        report.trouble("no answer");
        for (int i = 0; i < 500 && dir.read("kmsg").empty(); ++i) {
            base::SystemClock().sleep(milliseconds(20));
        }
    }
    const std::string said = dir.read("kmsg");
    BOOST_TEST(said.starts_with("<3>nvmeroot: no root disk yet: no answer; trying for "), said);
}

BOOST_AUTO_TEST_CASE(nothing_is_said_of_a_boot_that_ends_soon) {
    const support::TempDir dir;
    base::Log log("nvmeroot", base::Level::kNotice);
    log.silence_stderr();
    log.also_to_kmsg(base::open_file(dir.file("kmsg", ""), 02 /* O_RDWR */).value());
    const base::SystemClock clock;
    { const boot::WaitReport report(log, clock, clock.now() + seconds(180)); }
    BOOST_TEST(dir.read("kmsg").empty());
}

BOOST_AUTO_TEST_SUITE_END()
