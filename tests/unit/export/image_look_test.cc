// SPDX-License-Identifier: GPL-2.0-or-later
//
// Files that are not raw disks, by its first bytes; whose partition table is for other blocks; and
// what an image that is not there says.
#include "export/image_look.h"

#include "support/temp_dir.h"
#include "support/test.h"

using exports::judge_image;
using std::string_view_literals::operator""sv;

namespace {

/// `text` at one place of an otherwise empty beginning.
base::Bytes head_with(size_t offset, std::string_view text) {
    base::Bytes head(exports::kImageHead);
    for (size_t i = 0; i < text.size(); ++i) {
        head[offset + i] = static_cast<std::byte>(text[i]);
    }
    return head;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(image_look)

BOOST_AUTO_TEST_CASE(containers_and_compressed_files_are_not_disks) {
    struct Row {
        size_t offset;
        std::string_view magic;
        const char* name;
        const char* remedy;
    };
    for (const Row& row : {
             Row{0, "QFI\xFB\0\0\0\3"sv, "qcow2", "qemu-img convert -O raw"},
             Row{0, "QED\0"sv, "QED", "qemu-img convert"},
             Row{0, "KDMV\1\0\0\0"sv, "VMDK", "qemu-img convert"},
             Row{0, "# Disk DescriptorFile\nversion=1"sv, "VMDK", "qemu-img convert"},
             Row{0, "vhdxfile"sv, "VHDX", "qemu-img convert"},
             Row{0, "conectix"sv, "VHD", "qemu-img convert"},
             Row{64, "\x7F\x10\xDA\xBE"sv, "VDI", "qemu-img convert"},
             Row{0, "\xFD\x37zXZ\0"sv, "xz", "xz -dk"},
             Row{0, "\x1F\x8B\x08\0"sv, "gzip", "gzip -dk"},
             Row{0, "\x28\xB5\x2F\xFD"sv, "zstd", "zstd -d"},
             Row{0, "BZh91AY&SY"sv, "bzip2", "bzip2 -dk"},
             Row{0, "\x04\x22\x4D\x18"sv, "lz4", "lz4 -d"},
             Row{0, "\x50\x2A\x4D\x18\4\0\0\0"sv, "zstd", "zstd -d"},
             Row{0, "\x02\x21\x4C\x18"sv, "lz4", "lz4 -d"},
             Row{0, "\x89LZO\0\r\n\x1A\n"sv, "lzop", "lzop -dk"},
             Row{0, "\x5D\0\0\x80\0\xFF"sv, "lzma", "xz -dk"},
             Row{0, "\xBE\xBA\xFE\xCA\0\0\0\0"sv, "VMDK", "qemu-img convert"},
             Row{0, "Bochs Virtual HD Image"sv, "Bochs", "qemu-img convert"},
             Row{0, "MSWIM\0\0\0"sv, "WIM", "wimlib-imagex apply"},
             Row{0, "partclone-image"sv, "Partclone", "partclone.restore"},
             Row{0, "PK\3\4"sv, "zip", "unzip"},
             Row{257, "ustar\0"sv, "tar", "tar -xf"},
         }) {
        BOOST_TEST_CONTEXT(row.name) {
            for (const uint32_t block : {512U, 4096U}) {
                const auto verdict = judge_image(head_with(row.offset, row.magic), {}, block);
                BOOST_TEST(verdict.refusal.find(row.name) != std::string::npos);
                BOOST_TEST(verdict.refusal.find(row.remedy) != std::string::npos);
            }
            // Half of it may be anything.
            const auto half = row.magic.substr(0, 2);
            BOOST_TEST(judge_image(head_with(row.offset, half), {}, 512).refusal.empty());
        }
    }
}

BOOST_AUTO_TEST_CASE(raw_disks_and_file_systems_are_served) {
    BOOST_TEST(judge_image({}, {}, 512).refusal.empty());
    BOOST_TEST(judge_image(base::Bytes(100), {}, 512).refusal.empty());
    for (const auto& [offset, magic] :
         {std::pair(size_t{510}, "\x55\xAA"sv), std::pair(size_t{1080}, "\x53\xEF"sv),
          std::pair(size_t{0}, "XFSB"sv), std::pair(size_t{0}, "hsqs"sv),
          std::pair(size_t{0}, "LUKS\xBA\xBE"sv), std::pair(size_t{1024}, "\xE2\xE1\xF5\xE0"sv)}) {
        const auto verdict = judge_image(head_with(offset, magic), {}, 512);
        BOOST_TEST((verdict.refusal.empty() && verdict.warning.empty()));
    }
}

BOOST_AUTO_TEST_CASE(a_partition_table_is_for_one_block_size) {
    const auto of512 = head_with(512, "EFI PART");
    const auto of4096 = head_with(4096, "EFI PART");
    BOOST_TEST(judge_image(of512, {}, 512).warning.empty());
    BOOST_TEST(judge_image(of4096, {}, 4096).warning.empty());
    BOOST_TEST(judge_image(of512, {}, 4096).warning.find("block_size = 512") != std::string::npos);
    BOOST_TEST(judge_image(of4096, {}, 512).warning.find("block_size = 4096") != std::string::npos);
    auto both = of4096;
    std::ranges::copy(of512, both.begin());
    std::ranges::copy(std::span(of4096).subspan(4096), both.begin() + 4096);
    BOOST_TEST(judge_image(both, {}, 512).warning.empty());
}

BOOST_AUTO_TEST_CASE(a_vhd_of_fixed_size_ends_with_a_footer) {
    const support::TempDir dir;
    // Whole pages; and cylinders of 4 heads and 17 sectors, as qemu-img makes them.
    for (const size_t disk : {size_t{8192}, size_t{4 * 17 * 512}, size_t{512 * 7}}) {
        BOOST_TEST_CONTEXT(disk) {
            const std::string path =
                dir.file("a.vhd", std::string(disk, '\0') + "conectix" + std::string(504, '\0'));
            const auto verdict = judge_image(path, 512);
            BOOST_REQUIRE(verdict.ok());
            BOOST_TEST(verdict->refusal.empty());
            BOOST_TEST(verdict->warning.find("VHD") != std::string::npos);
        }
    }
    BOOST_TEST(!judge_image(dir.at("none"), 512).ok());
}

BOOST_AUTO_TEST_CASE(an_image_that_is_not_there_is_no_error_of_the_others) {
    const support::TempDir dir;
    dir.file("there.img", std::string(8192, '\0'));
    dir.file("other.img", "QFI\xFB" + std::string(8188, '\0'));
    const std::string begin =
        "[subsystem.s]\nnqn=nqn.2024-08.com.example:disk\nallow_any_host=yes\n";
    const auto ns = [](int nsid, const char* image) {
        return "[namespace.n" + std::to_string(nsid) +
               "]\nsubsystem=s\nnsid=" + std::to_string(nsid) + "\nimage=" + image + "\n";
    };
    dir.file("empty.img", "");  // somebody is about to fill it
    dir.file("odd.img", std::string(1000, '\0'));
    const std::string all = begin + ns(1, "there.img") + ns(2, "none.img") + ns(3, "other.img") +
                            ns(4, "empty.img") + ns(5, "odd.img");
    const auto config = exports::parse_config(all, dir.at("t.conf"));
    BOOST_REQUIRE_MESSAGE(config.ok(), (config.ok() ? "" : config.error()[0]));
    const auto& namespaces = config->subsystems[0].namespaces;
    BOOST_TEST(namespaces[0].unserved.empty());
    BOOST_TEST(namespaces[1].unserved == dir.at("none.img") + ": No such file or directory");
    BOOST_TEST(namespaces[2].unserved.find("qcow2") != std::string::npos);
    BOOST_TEST(namespaces[3].unserved == dir.at("empty.img") + ": it is empty");
    BOOST_TEST(namespaces[4].unserved ==
               dir.at("odd.img") +
                   ": its size, 1000 bytes, is not a multiple of the block size, 512");
    BOOST_TEST(config->warnings.size() == 5U);  // of the host too
    const auto strict = exports::parse_config("[target]\nstrict=yes\n" + all, dir.at("t.conf"));
    BOOST_REQUIRE(!strict.ok());
    BOOST_TEST(strict.error().size() == 4U);
}

BOOST_AUTO_TEST_CASE(a_device_brings_its_own_block_size) {
    BOOST_TEST(exports::block_bytes_of_device(512) == 512U);
    BOOST_TEST(exports::block_bytes_of_device(2048) == 512U);  // as an optical disc has
    BOOST_TEST(exports::block_bytes_of_device(4096) == 4096U);
    BOOST_TEST(exports::block_bytes_of_device(16384) == 4096U);
    const support::TempDir dir;
    BOOST_TEST(exports::default_block_bytes(dir.file("a.img", "a")) == 512U);
    BOOST_TEST(exports::default_block_bytes(dir.at("none")) == 512U);
}

BOOST_AUTO_TEST_CASE(an_image_whose_file_system_does_not_answer_is_not_looked_at) {
    const support::TempDir dir;
    dir.file("one.img", std::string(4096, '\0'));
    dir.file("dead.img", "QFI\xFB" + std::string(4092, '\0'));
    const std::string text =
        "[target]\n[host.h]\nnqn=nqn.2024-08.com.example:h\n"
        "[subsystem.s]\nnqn=nqn.2024-08.com.example:s\nhosts=h\n"
        "[namespace.one]\nsubsystem=s\nimage=one.img\n"
        "[namespace.two]\nsubsystem=s\nnsid=2\nimage=dead.img\n";
    std::vector<std::string> asked;
    const exports::SelectSilent select = [&](const std::vector<std::string>& images) {
        asked = images;
        return std::set<std::string>{dir.at("dead.img")};
    };
    const auto config = exports::parse_config(text, dir.at("t.conf"), select);
    BOOST_REQUIRE_MESSAGE(config.ok(), (config.ok() ? "" : config.error()[0]));
    BOOST_TEST((asked == std::vector<std::string>{dir.at("one.img"), dir.at("dead.img")}));
    const auto& namespaces = config->subsystems[0].namespaces;
    BOOST_TEST(namespaces[0].unserved.empty());
    BOOST_TEST(namespaces[1].unserved == dir.at("dead.img") + ": its file system does not answer");
    std::string strict = text;
    strict.insert(strict.find('\n') + 1, "strict=yes\n");
    BOOST_TEST(!exports::parse_config(strict, dir.at("t.conf"), select).ok());
}

BOOST_AUTO_TEST_SUITE_END()
