// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/check/root_hint.h"

#include "support/test.h"
#include "unit/boot/check/disk_image.h"

namespace {

/// A disk in /dev, in the sysfs of a machine whose kernel mounts ext4.
struct Machine {
    support::TempDir dir;
    base::SysPaths sys;
    std::vector<std::string> partitions;

    explicit Machine(const DiskImage& disk, unsigned block_size = 512) {
        sys.dev = dir.folder("dev");
        sys.sys = dir.folder("sys");
        sys.proc = dir.folder("proc");
        dir.file("proc/filesystems", "nodev\tsysfs\nnodev\ttmpfs\n\text3\n\text4\n");
        dir.file("sys/block/nvme0n1/queue/logical_block_size", std::to_string(block_size) + "\n");
        (void)disk.write(dir, "dev/nvme0n1");
    }
    void add(unsigned number, const DiskImage& image) {
        partitions.push_back("nvme0n1p" + std::to_string(number));
        (void)image.write(dir, "dev/" + partitions.back());
    }
    [[nodiscard]] std::string hint(const std::string& word, bool modules_loaded = true) const {
        return boot::root_hint({word, "nvme0n1", partitions, modules_loaded}, sys);
    }
};

/// EFI and root.
struct TwoPartitions : Machine {
    TwoPartitions() : Machine(gpt_image(512, {"efi", "root"})) {
        DiskImage efi(0x1000);
        efi.put(0x52, "FAT32   ");
        efi.put(0x43, "\xef\xbe\xad\xde");
        add(1, efi);
        add(2, ext4_image("debian"));
    }
};

DiskImage xfs_image() {
    DiskImage image(0x1000);
    image.put(0, "XFSB");
    return image;
}

bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(root_hint)

BOOST_AUTO_TEST_CASE(a_root_that_can_be_mounted_is_not_reported) {
    const TwoPartitions machine;
    const std::string words[] = {std::string("UUID=") + kUuid,
                                 "UUID=01234567-89AB-CDEF-0123-456789ABCDEF",
                                 std::string("/dev/disk/by-uuid/") + kUuid,
                                 "LABEL=debian",
                                 "LABEL=\"debian\"",
                                 std::string("PARTUUID=") + kPartUuid,
                                 "PARTLABEL=root",
                                 "/dev/nvmeroot/root-part2",
                                 "/dev/nvme0n1p2",
                                 "block:/dev/nvmeroot/root-part2"};
    for (const std::string& word : words) {
        BOOST_TEST(machine.hint(word) == "", word);
    }
    BOOST_TEST(Machine(ext4_image("root")).hint("") == "");
    BOOST_TEST(Machine(ext4_image("root")).hint("dhcp") == "");
    BOOST_TEST(Machine(ext4_image("root")).hint("/dev/nvmeroot/root") == "");
}

BOOST_AUTO_TEST_CASE(words_for_other_devices_are_ignored) {
    const TwoPartitions machine;
    for (const char* word : {"/dev/mapper/vg-root", "/dev/sda1", "/dev/nvme1n1p2", "zfs:pool/root",
                             "live:CDLABEL=x", "/dev/ram0", "PARTUUID=x/PARTNROFF=1"}) {
        BOOST_TEST(machine.hint(word) == "", word);
    }
}

BOOST_AUTO_TEST_CASE(without_root_the_partitions_are_named) {
    const TwoPartitions machine;
    for (const char* word : {"", "dhcp", "/dev/nvmeroot/root", "/dev/nvme0n1"}) {
        BOOST_TEST(machine.hint(word) ==
                       "root= is missing on the command line, and the disk has partitions: "
                       "/dev/nvmeroot/root-part1 (vfat, UUID=DEAD-BEEF), /dev/nvmeroot/root-part2 "
                       "(ext4, UUID=" +
                           std::string(kUuid) +
                           "); write root=UUID=… of the root, or root=/dev/nvmeroot/root-partN",
                   word);
    }
}

BOOST_AUTO_TEST_CASE(a_name_that_is_not_on_the_disk_is_reported_with_those_that_are) {
    const TwoPartitions machine;
    for (const char* word : {"UUID=1-2", "LABEL=arch", "PARTUUID=1-2", "PARTLABEL=x",
                             "/dev/nvmeroot/root-part3", "/dev/nvme0n1p3"}) {
        const std::string hint = machine.hint(word);
        BOOST_TEST(hint.starts_with("root=" + std::string(word) +
                                    " is not on the disk, which has "
                                    "/dev/nvmeroot/root-part1"),
                   hint);
    }
    BOOST_TEST(has(Machine(ext4_image("root")).hint("UUID=1-2"),
                   "which has no partitions: /dev/nvmeroot/root (ext4, UUID="));
    DiskImage luks(0x1000);
    luks.put(0, "LUKS\xba\xbe");
    TwoPartitions container;
    container.add(3, luks);
    BOOST_TEST(container.hint("UUID=1-2") == "");  // it may be inside
    BOOST_TEST(container.hint("PARTUUID=1-2") != "");
}

BOOST_AUTO_TEST_CASE(a_table_for_another_block_size_is_reported) {
    const Machine machine(gpt_image(512, {"root"}), 4096);
    for (const char* word : {"", "PARTLABEL=root", "UUID=1-2", "/dev/nvmeroot/root-part1"}) {
        BOOST_TEST(has(machine.hint(word),
                       "its partition table is made for blocks of 512 bytes, and the namespace has "
                       "blocks of 4096; serve it with blocks of 512 bytes"),
                   word << ": " << machine.hint(word));
    }
    BOOST_TEST(has(Machine(gpt_image(4096, {"root"}), 512).hint(""), "blocks of 4096 bytes"));
}

BOOST_AUTO_TEST_CASE(a_file_system_without_a_driver_is_named_with_the_remedy) {
    const Machine whole(xfs_image());
    const std::string hint = whole.hint("");
    BOOST_TEST(hint ==
               "the root's file system is xfs, and this image has no driver for it; build the "
               "image with the module xfs (mkinitcpio: MODULES, dracut: add_drivers, "
               "initramfs-tools: /etc/initramfs-tools/modules)");
    BOOST_TEST(whole.hint("", false) == "");  // nobody has tried to load it
    TwoPartitions part;
    part.add(3, xfs_image());
    BOOST_TEST(part.hint("/dev/nvmeroot/root-part3") == hint);
    BOOST_TEST(part.hint("/dev/nvmeroot/root-part2") == "");
    part.dir.file("proc/filesystems", "nodev\tsysfs\n\txfs\n");
    BOOST_TEST(part.hint("/dev/nvmeroot/root-part3") == "");
    BOOST_TEST(has(part.hint("LABEL=debian"), "the root's file system is ext4"));
}

BOOST_AUTO_TEST_CASE(a_long_list_is_cut) {
    Machine machine(gpt_image(512, {}));
    for (unsigned number = 1; number <= 40; ++number) {
        machine.add(number, ext4_image("x"));
    }
    const std::string hint = machine.hint("");
    BOOST_TEST(has(hint, "and 34 more; write root="), hint);
    BOOST_TEST(hint.size() < 850U);
}

BOOST_AUTO_TEST_SUITE_END()
