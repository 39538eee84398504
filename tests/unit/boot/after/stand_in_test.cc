// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/after/stand_in.h"

#include <sys/reboot.h>

#include "support/test.h"

BOOST_AUTO_TEST_SUITE(stand_in)

BOOST_AUTO_TEST_CASE(the_word_of_process_1_chooses_the_end) {
    BOOST_TEST(boot::reboot_command("poweroff") == RB_POWER_OFF);
    BOOST_TEST(boot::reboot_command("reboot") == RB_AUTOBOOT);
    BOOST_TEST(boot::reboot_command("halt") == RB_HALT_SYSTEM);
    BOOST_TEST(boot::reboot_command("kexec") == RB_KEXEC);
    BOOST_TEST(boot::reboot_command("exit") == std::nullopt);
    BOOST_TEST(boot::reboot_command("") == std::nullopt);
}

BOOST_AUTO_TEST_CASE(only_its_name_makes_the_program_the_end_of_the_machine) {
    BOOST_TEST(boot::is_stand_in("/usr/lib/systemd/systemd-shutdown", 1));
    BOOST_TEST(boot::is_stand_in("systemd-shutdown", 1));
    BOOST_TEST(!boot::is_stand_in("systemd-shutdown", 2));  // a curious user
    for (const char* name : {"", "/", "nvmeroot", "/usr/bin/nvmeroot", "systemd-shutdown/nvmeroot",
                             "my-systemd-shutdown"}) {
        BOOST_TEST(!boot::is_stand_in(name, 1), name);
    }
}

BOOST_AUTO_TEST_CASE(mapped_files_are_named_once) {
    const auto files = boot::mapped_files(
        "55d0c0a00000-55d0c0a0b000 r--p 00000000 103:01 11 /usr/lib/systemd/systemd\n"
        "55d0c0a0b000-55d0c0a1b000 r-xp 0000b000 103:01 11                  "
        "/usr/lib/systemd/systemd\n"
        "55d0c1b00000-55d0c1c00000 rw-p 00000000 00:00 0                    [heap]\n"
        "7f3a00000000-7f3a00021000 rw-p 00000000 00:00 0\n"
        "7f3a10000000-7f3a10020000 r-xp 00000000 103:01 12 /usr/lib/libc.so.6 (deleted)\n"
        "7f3a20000000-7f3a20020000 r-xp 00000000 103:01 13 /usr/lib/ld.so\n"
        "rubbish\n");
    const std::vector<std::string> expected = {"/usr/lib/ld.so", "/usr/lib/systemd/systemd"};
    BOOST_TEST(files == expected, boost::test_tools::per_element());
    BOOST_TEST(boot::mapped_files("").empty());
}

BOOST_AUTO_TEST_SUITE_END()
