// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/side_task.h"

#include <unistd.h>

#include <cerrno>

#include "support/test.h"

using base::Result;

namespace {

base::SystemClock real_clock;

Result<std::string> result_of(const boot::SideTask::Work& work, base::milliseconds patience) {
    auto task = boot::SideTask::start("work", work);
    BOOST_REQUIRE(task.ok());
    return task->wait(base::Deadline(real_clock, patience));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(side_task)

BOOST_AUTO_TEST_CASE(the_text_comes_back) {
    const auto text =
        result_of([]() -> Result<std::string> { return std::string("nvme3"); }, base::seconds(10));
    BOOST_REQUIRE(text.ok());
    BOOST_TEST(*text == "nvme3");
}

BOOST_AUTO_TEST_CASE(an_error_keeps_its_code_and_gains_the_name) {
    const auto text =
        result_of([]() -> Result<std::string> { return base::errno_error(EINVAL, "write"); },
                  base::seconds(10));
    BOOST_REQUIRE(!text.ok());
    BOOST_TEST(text.error().code == EINVAL);
    BOOST_TEST(text.error().text == "work: write: Invalid argument");
}

BOOST_AUTO_TEST_CASE(a_sleeper_is_left_behind_at_the_deadline) {
    const auto before = real_clock.now();
    const auto text = result_of(
        []() -> Result<std::string> {
            ::pause();
            return std::string();
        },
        base::milliseconds(30));
    BOOST_REQUIRE(!text.ok());
    BOOST_TEST(text.error().code == ETIMEDOUT);
    BOOST_TEST((real_clock.now() - before < base::seconds(5)));
}

BOOST_AUTO_TEST_CASE(a_hopeless_wait_ends_before_the_deadline) {
    auto task = boot::SideTask::start("work", []() -> Result<std::string> {
        ::pause();
        return std::string();
    });
    BOOST_REQUIRE(task.ok());
    const base::Deadline deadline(real_clock, base::seconds(60));
    const auto text = task->wait(deadline, [] { return true; });
    BOOST_REQUIRE(!text.ok());
    BOOST_TEST(text.error().code == ECONNABORTED);
    BOOST_TEST(!deadline.passed());
}

BOOST_AUTO_TEST_CASE(a_child_that_dies_is_an_error) {
    const auto text = result_of([]() -> Result<std::string> { ::_exit(0); }, base::seconds(10));
    BOOST_REQUIRE(!text.ok());
    BOOST_TEST(text.error().code == EPIPE);
}

BOOST_AUTO_TEST_SUITE_END()
