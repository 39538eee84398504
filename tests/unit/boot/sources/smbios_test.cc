// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/sources/smbios.h"

#include "support/test.h"
#include "unit/boot/sources/smbios_table.h"

namespace {

std::vector<std::string_view> strings(std::string_view table) {
    return boot::oem_strings(base::bytes_of(table));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(smbios)

BOOST_AUTO_TEST_CASE(strings_of_type_11_are_found_between_others) {
    const std::string table = smbios_structure(1, 23, {"maker", "model"}) +
                              smbios_structure(11, 1, {"one", "two=2"}) +
                              smbios_structure(32, 7, {}) + smbios_structure(11, 1, {"three"}) +
                              smbios_structure(127, 0, {});
    const std::vector<std::string_view> expected = {"one", "two=2", "three"};
    BOOST_TEST(strings(table) == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_cut_gives_what_stands_before_it) {
    const std::string table = smbios_structure(11, 1, {"one"}) + smbios_structure(11, 1, {"two"});
    for (size_t size = 0; size < table.size(); ++size) {
        BOOST_TEST(strings(std::string_view(table).substr(0, size)).size() <= 2U);
    }
    BOOST_TEST(strings(table).size() == 2U);
    BOOST_TEST(strings(std::string_view("\x0b\x03\0\0x\0\0", 7)).empty());
}

BOOST_AUTO_TEST_SUITE_END()
