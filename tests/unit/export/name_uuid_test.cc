// SPDX-License-Identifier: GPL-2.0-or-later
#include "export/name_uuid.h"

#include "support/test.h"

BOOST_AUTO_TEST_SUITE(name_uuid)

// Made with uuidgen(1) of util-linux; the long names fill one and two blocks of SHA-1 exactly and
// by one byte too many.
BOOST_AUTO_TEST_CASE(agrees_with_uuidgen) {
    struct Case {
        std::string name;
        const char* uuid;
    };
    const Case cases[] = {
        {"", "1b4db7eb-4057-5ddf-91e0-36dec72071f5"},
        {"nvme+tcp:nqn.2024-08.com.example:s/1", "e441caf0-9a13-541b-b436-be8e6f4bdea2"},
        {std::string(39, 'x'), "f4eaee1e-e483-528b-88bd-6b8932ab6e2b"},
        {std::string(40, 'x'), "f562c38a-a8fe-5cdd-b523-6f30cfb54847"},
        {std::string(47, 'x'), "b18474ae-5fc6-5d04-aa24-a5be94234955"},
        {std::string(48, 'x'), "8fa6ffa9-9280-5899-a2d8-b082ccdf6380"},
        {std::string(103, 'x'), "d690283f-eed8-5514-87df-04adabb6e2d6"},
        {std::string(104, 'x'), "f73ecf9a-6ec9-5147-a7e0-f5bc67eeefa0"},
    };
    for (const Case& c : cases) {
        BOOST_TEST(nvme::to_text(exports::url_uuid(c.name)) == c.uuid);
    }
}

BOOST_AUTO_TEST_CASE(each_disk_has_its_own) {
    const auto one = exports::namespace_uuid("nqn.2024-08.com.example:s", 1);
    BOOST_TEST(one == exports::namespace_uuid("nqn.2024-08.com.example:s", 1));
    BOOST_TEST(one != exports::namespace_uuid("nqn.2024-08.com.example:s", 2));
    BOOST_TEST(one != exports::namespace_uuid("nqn.2024-08.com.example:t", 1));
    BOOST_TEST(exports::subsystem_serial("nqn.2024-08.com.example:s").size() == 20U);
}

BOOST_AUTO_TEST_SUITE_END()
