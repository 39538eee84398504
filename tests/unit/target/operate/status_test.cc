// SPDX-License-Identifier: GPL-2.0-or-later
// The status for a terminal contains no character that moves the cursor or reorders the line.
#include "target/operate/status.h"

#include "support/test.h"

BOOST_AUTO_TEST_SUITE(status)

BOOST_AUTO_TEST_CASE(names_of_images_are_escaped) {
    target::TargetStatus status;
    const std::string odd = "/srv/a\x1b[2J\nok\xc2\x9b\xe2\x80\xae.img";
    for (const bool served : {false, true}) {
        status.images.push_back({.subnqn = "nqn.2024-08.com.example:s\x1b[0m",
                                 .nsid = 1,
                                 .image = odd,
                                 .served = served,
                                 .problem = odd + ": No such file or directory"});
    }
    const std::string text = target::to_text(status);
    for (const char* part : {"\x1b", "\nok", "\xc2\x9b", "\xe2\x80\xae"}) {
        BOOST_TEST(text.find(part) == std::string::npos, text);
    }
    BOOST_TEST(text.find("/srv/a\\x1b[2J\\x0aok\\xc2\\x9b\\xe2\\x80\\xae.img") != std::string::npos,
               text);
}

BOOST_AUTO_TEST_SUITE_END()
