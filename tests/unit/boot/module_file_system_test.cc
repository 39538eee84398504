// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/module_file_system.h"

#include <boost/test/unit_test.hpp>

#include "support/temp_dir.h"

BOOST_AUTO_TEST_SUITE(module_file_system)

BOOST_AUTO_TEST_CASE(a_file_system_is_known_by_its_magic) {
    const support::TempDir dir;
    const auto with = [&](size_t offset, std::string_view magic) {
        std::string image(offset, '\0');
        image += magic;
        return boot::file_system_on(dir.file("image", image));
    };
    BOOST_TEST(with(0x438, "\x53\xef") == "ext4");
    BOOST_TEST(with(0, "XFSB") == "xfs");
    BOOST_TEST(with(0x10040, "_BHRfS_M") == "btrfs");
    BOOST_TEST(with(0x400, "\x10\x20\xf5\xf2") == "f2fs");
    BOOST_TEST(with(0x400, "\xe2\xe1\xf5\xe0") == "erofs");
    BOOST_TEST(with(0, "hsqs") == "squashfs");
}

BOOST_AUTO_TEST_CASE(nothing_is_known_of_other_disks) {
    const support::TempDir dir;
    BOOST_TEST(boot::file_system_on(dir.file("zeros", std::string(0x20000, '\0'))).empty());
    BOOST_TEST(boot::file_system_on(dir.file("cut off", "XFS")).empty());
    BOOST_TEST(boot::file_system_on(dir.file("empty", "")).empty());
    BOOST_TEST(boot::file_system_on(dir.at("absent")).empty());
    base::SysPaths sys;
    sys.dev = dir.path();
    sys.lib_modules = dir.at("modules");
    dir.file("nvme0n1", "XFSB");
    dir.file("nvme0n1p1", "XFSB");
    BOOST_TEST(boot::file_systems_on({"nvme0n1", "nvme0n1p1", "absent"}, sys) ==
               std::vector<std::string>{"xfs"});
    boot::load_file_systems({"xfs"}, sys);  // no module: nothing happens
}

BOOST_AUTO_TEST_SUITE_END()
