// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/sources/image_modules.h"

#include <algorithm>
#include <array>
#include <set>

#include "base/text.h"
#include "support/test.h"

BOOST_AUTO_TEST_SUITE(image_modules)

BOOST_AUTO_TEST_CASE(each_line_has_a_kind_that_the_hooks_know_and_a_name_of_its_own) {
    constexpr std::array<std::string_view, 4> kKinds = {"module", "optional", "driver", "drivers"};
    std::set<std::string> names;
    const std::string_view text = boot::image_modules();
    const auto lines = base::split(base::trim(text), '\n');
    for (const std::string_view line : lines) {
        const auto words = base::split(line, '\t');
        BOOST_REQUIRE(words.size() == 2U);
        BOOST_REQUIRE_MESSAGE(std::ranges::find(kKinds, words[0]) != kKinds.end(), line);
        BOOST_TEST(names.emplace(words[1]).second, line);
    }
    BOOST_TEST(text.find("module\tnvme-tcp\n") != std::string_view::npos);
}

BOOST_AUTO_TEST_SUITE_END()
