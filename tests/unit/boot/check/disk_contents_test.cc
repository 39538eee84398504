// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/check/disk_contents.h"

#include "support/temp_dir.h"
#include "support/test.h"
#include "unit/boot/check/disk_image.h"

BOOST_AUTO_TEST_SUITE(disk_contents)

BOOST_AUTO_TEST_CASE(a_superblock_is_known_by_its_magic) {
    struct Row {
        size_t offset;
        std::string_view magic;
        const char* type;
        bool file_system;
    };
    const Row rows[] = {
        {0x438, "\x53\xef", "ext4", true},
        {0, "XFSB", "xfs", true},
        {0x10040, "_BHRfS_M", "btrfs", true},
        {0x400, "\x10\x20\xf5\xf2", "f2fs", true},
        {0x400, "\xe2\xe1\xf5\xe0", "erofs", true},
        {0, "hsqs", "squashfs", true},
        {0x52, "FAT32   ", "vfat", true},
        {0x8000, "JFS1", "jfs", true},
        {0x1018, "\xc6\x85\x73\xf6\x4e\x1a\x45\xca", "bcachefs", true},
        {0, "LUKS\xba\xbe", "crypto_LUKS", false},
        {0x218, "LVM2 001", "LVM2_member", false},
        {0xff6, "SWAPSPACE2", "swap", false},
    };
    for (const Row& row : rows) {
        const support::TempDir dir;
        DiskImage image(0x20000);
        image.put(row.offset, row.magic);
        const auto contents = boot::contents_of(image.write(dir, "image"));
        BOOST_TEST(contents.type == row.type);
        BOOST_TEST(contents.file_system == row.file_system, row.type);
    }
}

BOOST_AUTO_TEST_CASE(uuid_and_label_are_those_that_blkid_shows) {
    const support::TempDir dir;
    const auto ext4 = boot::contents_of(ext4_image("root").write(dir, "ext4"));
    BOOST_TEST(ext4.uuid == kUuid);
    BOOST_TEST(ext4.label == "root");
    DiskImage fat(0x1000);
    fat.put(0x52, "FAT32   ");
    fat.put(0x43, "\xef\xbe\xad\xde");
    fat.put(0x47, "EFI\x1b[2J    ");
    const auto contents = boot::contents_of(fat.write(dir, "fat"));
    BOOST_TEST(contents.uuid == "DEAD-BEEF");
    BOOST_TEST(contents.label == "EFI?[2J");
}

BOOST_AUTO_TEST_CASE(nothing_is_known_of_other_disks) {
    const support::TempDir dir;
    for (const std::string& path :
         {dir.file("zeros", std::string(0x20000, '\0')), dir.file("cut off", "XFS"),
          dir.file("empty", ""), dir.at("absent")}) {
        BOOST_TEST(boot::contents_of(path).type.empty(), path);
        const auto table = boot::partition_table(path);
        BOOST_TEST(!table.gpt_block_size.has_value());
        BOOST_TEST(table.mbr_signature.empty());
        BOOST_TEST(table.names_of(1).uuid.empty());
    }
}

BOOST_AUTO_TEST_CASE(partitions_of_a_gpt_have_their_names_whatever_the_block_size) {
    for (const uint32_t block_size : {512U, 4096U}) {
        const support::TempDir dir;
        const auto table =
            boot::partition_table(gpt_image(block_size, {"", "root"}).write(dir, "gpt"));
        BOOST_TEST(table.gpt_block_size == block_size);
        BOOST_TEST(table.gpt.size() == 2U);
        BOOST_TEST(table.names_of(2).uuid == kPartUuid);
        BOOST_TEST(table.names_of(2).label == "root");
        BOOST_TEST(table.names_of(1).uuid.empty());
    }
}

BOOST_AUTO_TEST_CASE(partitions_of_an_mbr_are_named_by_its_signature) {
    const support::TempDir dir;
    DiskImage image(0x1000);
    image.put(0x1b8, "\x78\x56\x34\x12");
    image.put(0x1fe, "\x55\xaa");
    const auto table = boot::partition_table(image.write(dir, "mbr"));
    BOOST_TEST(table.names_of(1).uuid == "12345678-01");
    BOOST_TEST(table.names_of(11).uuid == "12345678-0b");
}

BOOST_AUTO_TEST_CASE(a_hostile_table_is_read_within_bounds) {
    for (const uint32_t entry_size : {0U, 1U, 127U, 4097U, 0xFFFFFFFFU}) {
        const support::TempDir dir;
        DiskImage image = gpt_image(512, {"root"});
        image.put_number(512 + 84, entry_size, 4);
        image.put_number(512 + 80, 0xFFFFFFFF, 4);
        image.put_number(512 + 72, 0xFFFFFFFFFFFFFFFF, 8);
        BOOST_TEST(boot::partition_table(image.write(dir, "gpt")).gpt.empty());
    }
    const support::TempDir dir;
    DiskImage many = gpt_image(512, {"root"});
    many.put_number(512 + 80, 0xFFFFFFFF, 4);
    BOOST_TEST(boot::partition_table(many.write(dir, "gpt")).gpt.size() == 1U);
}

BOOST_AUTO_TEST_SUITE_END()
