// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/handover/module_file_system.h"

#include "support/temp_dir.h"
#include "support/test.h"

BOOST_AUTO_TEST_SUITE(module_file_system)

BOOST_AUTO_TEST_CASE(each_file_system_is_named_once_and_loaded_if_it_is_there) {
    const support::TempDir dir;
    base::SysPaths sys;
    sys.dev = dir.path();
    sys.lib_modules = dir.at("modules");
    dir.file("nvme0n1", "XFSB");
    dir.file("nvme0n1p1", "XFSB");
    dir.file("nvme0n1p2", "LUKS\xba\xbe");
    BOOST_TEST(boot::file_systems_on({"nvme0n1", "nvme0n1p1", "nvme0n1p2", "absent"}, sys) ==
               std::vector<std::string>{"xfs"});
    boot::load_file_systems({"xfs"}, sys);  // no module: nothing happens
}

BOOST_AUTO_TEST_SUITE_END()
