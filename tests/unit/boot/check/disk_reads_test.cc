// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/check/disk_reads.h"

#include <cerrno>

#include "base/text.h"
#include "support/temp_dir.h"
#include "support/test.h"

namespace {

struct Fixture {
    support::TempDir dir;
    base::SystemClock clock;

    Fixture() { dir.file("path/stat", "       7  0  56 1 0 0 0 0 0 1 1\n"); }

    /// A kernel that reads for `time`, and whose reads are answered each 50 ms or never.
    base::Result<std::string> run(base::milliseconds time, bool answers, base::milliseconds end) {
        const auto work = [&]() -> base::Result<std::string> {
            constexpr base::milliseconds kRead{50};
            unsigned reads = 7;
            for (base::milliseconds passed{0}; passed < time; passed += kRead) {
                clock.sleep(kRead);
                if (answers) {
                    dir.file("path/stat", base::format("%8u  0  56 1 0 0\n", ++reads));
                }
            }
            return std::string("read");
        };
        return boot::run_reads("nvme0n1", dir.at("path"), work, clock,
                               {base::milliseconds(400), base::Deadline(clock, end)});
    }
};

bool has(const base::Error& error, const char* part) {
    return error.text.find(part) != std::string::npos;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(disk_reads, Fixture)

BOOST_AUTO_TEST_CASE(a_slow_target_is_awaited_as_long_as_it_answers) {
    const auto text = run(base::milliseconds(1200), true, base::seconds(20));
    BOOST_REQUIRE(text.ok());
    BOOST_TEST(*text == "read");
}

BOOST_AUTO_TEST_CASE(a_mute_target_is_given_up) {
    const auto text = run(base::seconds(20), false, base::seconds(20));
    BOOST_REQUIRE(!text.ok());
    BOOST_TEST(has(text.error(), "does not answer reads of nvme0n1"), text.error().text);
    const auto failure = boot::reads_failed(boot::ExitCode::kHandOver, text.error(), true);
    BOOST_TEST(failure.code == boot::ExitCode::kConnect);
    BOOST_TEST(failure.retry);
}

BOOST_AUTO_TEST_CASE(a_target_that_is_too_slow_is_called_slow_and_not_mute) {
    const auto text = run(base::seconds(20), true, base::milliseconds(900));
    BOOST_REQUIRE(!text.ok());
    BOOST_TEST(has(text.error(), "too slowly"));
    BOOST_TEST(!has(text.error(), "does not answer"));
}

BOOST_AUTO_TEST_CASE(an_error_of_the_work_itself_is_its_stages) {
    const auto failed = boot::run_reads(
        "nvme0n1", dir.at("path"),
        []() -> base::Result<std::string> { return base::errno_error(EIO, "open"); }, clock,
        {base::seconds(5), base::Deadline(clock, base::seconds(5))});
    BOOST_REQUIRE(!failed.ok());
    const auto failure = boot::reads_failed(boot::ExitCode::kHandOver, failed.error(), true);
    BOOST_TEST(failure.code == boot::ExitCode::kHandOver);
    BOOST_TEST(!failure.retry);
    // Of a controller that lost its target no error tells anything.
    BOOST_TEST(boot::reads_failed(boot::ExitCode::kHandOver, failed.error(), false).retry);
}

BOOST_AUTO_TEST_SUITE_END()
