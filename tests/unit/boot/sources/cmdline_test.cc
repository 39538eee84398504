// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/sources/cmdline.h"

#include "support/test.h"

BOOST_AUTO_TEST_SUITE(cmdline)

BOOST_AUTO_TEST_CASE(words_are_cut_as_the_kernel_cuts_them) {
    using Words = std::vector<boot::CmdlineWord>;
    struct Case {
        const char* text;
        Words words;
    };
    const Case cases[] = {
        {"", {}},
        {" \t\n ", {}},
        {"ro quiet", {{"ro", "", false}, {"quiet", "", false}}},
        {"a=1 a=2\nb=", {{"a", "1", true}, {"a", "2", true}, {"b", "", true}}},
        {"root=UUID=1-2=3", {{"root", "UUID=1-2=3", true}}},
        {"a=\"b c\" d", {{"a", "b c", true}, {"d", "", false}}},
        {"\"a=b c\" d", {{"a", "b c", true}, {"d", "", false}}},
        {"\"a b\"", {{"a b", "", false}}},
        {"a=b\"c d\"e f", {{"a", "b\"c d\"e", true}, {"f", "", false}}},
        {"a=b\"c d\"", {{"a", "b\"c d\"", true}}},
        {"\"a=\"b\"\"", {{"a", "b\"", true}}},
        {"a=\"open end", {{"a", "open end", true}}},
        {"=a", {{"=a", "", false}}},
        {"==a", {{"=", "a", true}}},
        {"\"", {{"", "", false}}},
        {"a --=b -- c", {{"a", "", false}, {"--", "b", true}}},
    };
    for (const Case& c : cases) {
        BOOST_TEST(boot::parse_cmdline(c.text) == c.words, c.text);
    }
}

BOOST_AUTO_TEST_SUITE_END()
