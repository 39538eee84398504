// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/log.h"

#include <fcntl.h>
#include <unistd.h>

#include "support/temp_dir.h"
#include "support/test.h"

BOOST_AUTO_TEST_SUITE(log_lines)

BOOST_AUTO_TEST_CASE(kmsg_lines_carry_the_level_and_stay_one_short_line) {
    const support::TempDir dir;
    base::Log log("nvmeroot", base::Level::kNotice);
    log.silence_stderr();
    log.also_to_kmsg(base::open_file(dir.at("kmsg"), O_WRONLY | O_CREAT, 0600).value());
    log.notice("up\n<0>forged");
    log.info("not shown");
    log.error(std::string(2000, 'x'));
    const std::string text = dir.read("kmsg");
    const std::string first = "<5>nvmeroot: up <0>forged\n";
    BOOST_TEST(text.substr(0, first.size()) == first);
    BOOST_TEST(text.substr(first.size(), 13) == "<3>nvmeroot: ");
    BOOST_TEST(text.size() == first.size() + 901);
}

BOOST_AUTO_TEST_CASE(what_a_peer_wrote_cannot_speak_to_the_terminal) {
    const support::TempDir dir;
    base::Log log("nvmeroot", base::Level::kNotice);
    log.silence_stderr();
    log.also_to_kmsg(base::open_file(dir.at("kmsg"), O_WRONLY | O_CREAT, 0600).value());
    log.notice("a\tb \x1b[31m \xc2\x9b \xe2\x80\xae \xff \xc3\xa4");
    BOOST_TEST(dir.read("kmsg") ==
               "<5>nvmeroot: a b \\x1b[31m \\xc2\\x9b \\xe2\\x80\\xae \\xff \xc3\xa4\n");
}

BOOST_AUTO_TEST_SUITE_END()
