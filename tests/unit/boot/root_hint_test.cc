// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/root_hint.h"

#include <boost/test/unit_test.hpp>

#include "support/temp_dir.h"

namespace {

constexpr std::string_view kUuid("\x11\x22\x33\x44\x55\x66\x77\x88\x99\xaa\xbb\xcc\xdd\xee\xff\x01",
                                 16);
constexpr const char* kUuidText = "11223344-5566-7788-99aa-bbccddeeff01";

struct Disk {
    support::TempDir dir;
    base::SysPaths sys;
    Disk() { sys.dev = dir.path(); }
    /// A device with bytes at offsets.
    void device(const std::string& name,
                const std::vector<std::pair<size_t, std::string>>& parts) const {
        std::string image(0x10400, '\0');
        for (const auto& [offset, bytes] : parts) {
            image.replace(offset, bytes.size(), bytes);
        }
        dir.file(name, image);
    }
    [[nodiscard]] std::string hint(const std::string& root) const {
        return boot::root_hint(root, {"p1", "p2"}, sys);
    }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(root_hint)

BOOST_AUTO_TEST_CASE(a_name_that_the_disk_lacks_is_answered_with_those_that_it_has) {
    const Disk disk;
    disk.device("p1", {{0x438, "\x53\xef"}, {0x468, std::string(kUuid)}, {0x478, "tiny"}});
    disk.device("p2", {{0, "XFSB"}, {0x20, std::string(16, 'a')}});
    const std::string held =
        std::string(" is no file system of this disk: p1 has ext4 with UUID=") + kUuidText +
        " and LABEL=\"tiny\", p2 has xfs with "
        "UUID=61616161-6161-6161-6161-616161616161";
    for (const std::string root : {"UUID=00000000-0000-0000-0000-000000000000", "LABEL=small",
                                   "UUID=\"1122\"", "/dev/disk/by-uuid/1122"}) {
        BOOST_TEST(disk.hint(root) == "root=" + root + held);
    }
    for (const std::string root :
         {"UUID=11223344-5566-7788-99AA-BBCCDDEEFF01", "LABEL=tiny", "LABEL=\"tiny\"",
          "/dev/disk/by-uuid/11223344-5566-7788-99aa-bbccddeeff01", "/dev/mapper/root",
          "PARTUUID=11223344-01", "UUID=61616161-6161-6161-6161-616161616161", ""}) {
        BOOST_TEST(disk.hint(root).empty(), root);
    }
}

BOOST_AUTO_TEST_CASE(each_file_system_has_its_names_where_its_superblock_has_them) {
    struct Case {
        const char* name;
        size_t magic_at;
        std::string magic;
        size_t uuid;
        size_t label;
    };
    const Case cases[] = {
        {"ext4", 0x438, "\x53\xef", 0x468, 0x478},
        {"xfs", 0, "XFSB", 32, 108},
        {"btrfs", 0x10040, "_BHRfS_M", 0x10020, 0x1012B},
        {"erofs", 0x400, "\xe2\xe1\xf5\xe0", 0x430, 0x440},
    };
    for (const Case& c : cases) {
        const Disk disk;
        disk.device("p1", {{c.magic_at, c.magic}, {c.uuid, std::string(kUuid)}, {c.label, "name"}});
        BOOST_TEST(disk.hint("LABEL=other")
                           .find(std::string(c.name) + " with UUID=" + kUuidText +
                                 " and LABEL=\"name\"") != std::string::npos,
                   c.name);
    }
}

BOOST_AUTO_TEST_CASE(nothing_is_said_of_a_disk_that_is_not_understood) {
    const Disk disk;
    disk.dir.file("p2", "XFSB");
    BOOST_TEST(disk.hint("UUID=1122").empty());
    disk.device("p2", {{0, "XFSB"}});
    BOOST_TEST(!disk.hint("UUID=1122").empty());
    const std::pair<size_t, std::string> containers[] = {
        {0, "LUKS\xba\xbe"}, {0x218, "LVM2 001"}, {0x1000, "\xfc\x4e\x2b\xa9"}};
    for (const auto& container : containers) {
        disk.device("p1", {container});
        BOOST_TEST(disk.hint("UUID=1122").empty(), container.second);
    }
}

BOOST_AUTO_TEST_SUITE_END()
