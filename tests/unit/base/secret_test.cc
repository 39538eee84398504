// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/secret.h"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/secret_file.h"
#include "support/test.h"

BOOST_AUTO_TEST_SUITE(secret)

BOOST_AUTO_TEST_CASE(taking_and_moving_leave_nothing_behind) {
    std::string text = "DHHC-1:00:short";
    base::Secret first(text);
    BOOST_TEST(text.empty());
    base::Secret second(std::move(first));
    BOOST_TEST(first.empty());  // NOLINT: the state after a move is what is tested
    BOOST_TEST(second.reveal() == "DHHC-1:00:short");
    base::Secret third;
    third = second.copy();
    BOOST_TEST(third.reveal() == second.reveal());
}

BOOST_AUTO_TEST_CASE(moving_from_a_long_secret_wipes_its_buffer) {
    std::string text(200, 's');
    base::Secret source(text);
    const char* const buffer = source.reveal().data();
    base::Secret taken;
    taken = std::move(source);
    BOOST_TEST(std::string(buffer, 1) != "s");
    BOOST_TEST(taken.reveal().size() == 200U);
}

BOOST_AUTO_TEST_CASE(memory_that_is_kept_private_goes_into_no_core) {
#ifndef __SANITIZE_ADDRESS__
    const pid_t child = fork();
    if (child == 0) {
        base::keep_memory_private();
        _exit(prctl(PR_GET_DUMPABLE));
    }
    int status = 0;
    BOOST_REQUIRE(waitpid(child, &status, 0) == child);
    BOOST_TEST(status == 0);
#endif
}

BOOST_AUTO_TEST_CASE(a_secret_in_place_of_its_file_is_refused_and_not_told) {
    const std::string secret = "DHHC-1:00:ia6zGodOr4SEG0Zzaw398rpY0wqipUWj4jWjUh4HWUz6aQ2n:";
    const auto read = base::read_secret_file(secret);
    BOOST_REQUIRE(!read.ok());
    BOOST_TEST(read.error().text == "a secret instead of the name of its file");
    BOOST_TEST(base::open_file("/etc/" + secret, 0).error().text.find("ia6z") == std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
