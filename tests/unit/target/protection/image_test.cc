// SPDX-License-Identifier: GPL-2.0-or-later
//
// Images and sidecars as files: made, verified, harmed, exchanged, cut short, and opened to be
// served.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/target_fixture.h"
#include "support/temp_dir.h"
#include "support/test.h"
#include "target/cli/image_command.h"
#include "target/protection/image_file.h"
#include "target/protection/protected_file.h"

namespace {

constexpr size_t kBytes = size_t{3} << 20U;

struct Files {
    Files() : image(dir.file("disk.img", text_of(1))) {}

    static std::string text_of(unsigned seed) {
        return std::string(base::text_of(support::pattern(kBytes, seed)));
    }
    base::Result<target::ImageAnswer> ask(const std::vector<std::string_view>& words) const {
        target::ImageOptions options;
        TRY(const auto operands, base::parse_options(target::image_option_table(), words, options));
        return target::find_image_action(operands.at(0))->run(image, options);
    }
    target::ImageAnswer run(const std::vector<std::string_view>& words) const {
        auto answer = ask(words);
        BOOST_REQUIRE_MESSAGE(answer.ok(), (answer.ok() ? "" : answer.error().text));
        return std::move(answer).value();
    }
    std::string refusal(const std::vector<std::string_view>& words) const {
        const auto answer = ask(words);
        BOOST_REQUIRE(!answer.ok());
        return answer.error().text;
    }
    /// Opens it as a server does. @return the findings, or why not
    std::string serve(bool read_only = false, bool host_tags = false) const {
        const auto reactor = target::Reactor::open(target::Reactor::Engine::kEpoll);
        const auto file = target::ProtectedFile::open(**reactor, {.image = image,
                                                                  .sidecar = {},
                                                                  .read_only = read_only,
                                                                  .block_bytes = 512,
                                                                  .host_tags = host_tags,
                                                                  .fault_file = {},
                                                                  .on_trouble = {},
                                                                  .on_fault = {}});
        if (!file) {
            return file.error().text;
        }
        std::string text;
        for (const std::string& finding : (*file)->findings()) {
            text += finding + "; ";
        }
        return text;
    }
    void flip(const std::string& path, uint64_t offset) const {
        const auto fd = base::open_file(path, 2 /* O_RDWR */);
        BOOST_REQUIRE(fd.ok());
        std::array<std::byte, 1> byte{};
        BOOST_REQUIRE(base::pread_full(fd->get(), byte, offset).ok());
        byte[0] ^= std::byte{0x20};
        BOOST_REQUIRE(base::pwrite_all(fd->get(), byte, offset).ok());
    }

    support::TempDir dir;
    std::string image;
};

bool says(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(image)

BOOST_AUTO_TEST_CASE(an_image_is_protected_and_verified) {
    const Files f;
    BOOST_TEST(says(f.run({"info"}).text, "not protected"));
    BOOST_TEST(says(f.run({"protect"}).text, "6144 blocks protected"));
    BOOST_TEST(says(f.run({"info"}).text, "type 1 protection, 16-bit guard"));
    const auto answer = f.run({"verify"});
    BOOST_TEST(answer.intact);
    BOOST_TEST(says(answer.text, "6144 blocks, 0 do not match"));
    BOOST_TEST(f.dir.read("disk.img") == Files::text_of(1));
    BOOST_TEST(says(f.refusal({"protect"}), "already protected"));
    BOOST_TEST(f.run({"protect", "--force", "--guard", "64", "--block-size", "4096"}).intact);
    BOOST_TEST(says(f.run({"info"}).text, "4096+16-byte blocks, type 1 protection, 64-bit guard"));
    BOOST_TEST(f.run({"verify"}).intact);
}

BOOST_AUTO_TEST_CASE(a_file_that_is_not_a_raw_disk_is_not_protected) {
    const Files f;
    f.dir.file("disk.img", "QFI\xFB" + Files::text_of(1).substr(4));
    BOOST_TEST(
        says(f.refusal({"protect"}), "disk.img: it is a qcow2 image, not a raw disk; convert it"));
    BOOST_TEST(says(f.run({"info"}).text, "it is a qcow2 image"));
    BOOST_TEST(access((f.image + ".pi").c_str(), F_OK) != 0);
}

BOOST_AUTO_TEST_CASE(a_fifo_is_reported_without_waiting) {
    const Files f;
    BOOST_REQUIRE(mkfifo((f.image + ".pi").c_str(), 0600) == 0);
    BOOST_TEST(says(f.run({"info"}).text, "disk.img.pi: neither a regular file nor"));
    BOOST_TEST(!f.refusal({"verify"}).empty());
    BOOST_TEST(says(f.refusal({"protect"}), "disk.img.pi: not a regular file"));
    BOOST_REQUIRE(unlink(f.image.c_str()) == 0);
    BOOST_REQUIRE(mkfifo(f.image.c_str(), 0600) == 0);
    for (const char* action : {"info", "verify", "protect"}) {
        BOOST_TEST(says(f.refusal({action}), "neither a regular file nor a block device"), action);
    }
}

BOOST_AUTO_TEST_CASE(damage_is_listed_with_its_block_and_field) {
    const Files f;
    (void)f.run({"protect"});
    const auto header = target::image_info(f.image, "")->header;
    f.flip(f.image, 2000 * 512 + 17);
    f.flip(f.image + ".pi", header->tuple_offset + 3000 * 8 + 7);
    const auto answer = f.run({"verify"});
    BOOST_TEST(!answer.intact);
    BOOST_TEST(says(answer.text, "LBA 2000: guard is"), answer.text);
    BOOST_TEST(says(answer.text, "LBA 3000: reference tag is"), answer.text);
    BOOST_TEST(says(answer.text, "2 do not match"));
    const auto json = f.run({"verify", "--json"});
    BOOST_TEST(says(json.text, "\"intact\":false"), json.text);
    BOOST_TEST(says(json.text, "\"lba\":2000"), json.text);
}

BOOST_AUTO_TEST_CASE(an_unfinished_sidecar_is_not_served_and_is_gone_on_with) {
    const Files f;
    (void)f.run({"protect"});
    {
        const auto fd = base::open_file(f.image + ".pi", 2 /* O_RDWR */);
        target::FileStore store(fd->get());
        auto header = target::read_header(store, *target::size_of_image(fd->get()));
        header->state = target::SidecarHeader::kBuilding;
        header->built = 4000;
        BOOST_REQUIRE(target::write_header(store, *header).ok());
        f.flip(f.image + ".pi", header->tuple_offset);             // kept: not made again
        f.flip(f.image + ".pi", header->tuple_offset + 5000 * 8);  // made again
    }
    BOOST_TEST(says(f.serve(), "protection is not complete"));
    BOOST_TEST(says(f.refusal({"verify"}), "protection is not complete"));
    (void)f.run({"protect"});
    BOOST_TEST(says(f.run({"verify"}).text, "1 do not match"));
}

BOOST_AUTO_TEST_CASE(a_pair_that_does_not_belong_together_is_refused) {
    const Files f;
    BOOST_TEST(says(f.serve(), "image protect"));
    (void)f.run({"protect"});
    BOOST_TEST(f.serve().empty());
    f.dir.file("disk.img", Files::text_of(2));
    BOOST_TEST(says(f.serve(), "not the sidecar of this image"));
    f.dir.file("disk.img", Files::text_of(1) + std::string(512, 'x'));
    BOOST_TEST(says(f.serve(), "belongs to an image of 3145728 bytes, this image has 3146240"));
    BOOST_TEST(says(f.refusal({"verify"}), "belongs to an image of 3145728 bytes"));
}

BOOST_AUTO_TEST_CASE(tuples_that_hosts_brought_do_not_keep_a_pair_from_being_served) {
    const Files f;
    (void)f.run({"protect"});
    f.dir.file("disk.img", Files::text_of(2));
    for (const bool exposed : {true, false}) {  // once they brought some, they stay
        const std::string findings = f.serve(false, exposed);
        BOOST_TEST(says(findings, "sampled blocks do not match"), findings);
        BOOST_TEST(!says(findings, "not the sidecar"), findings);
    }
}

BOOST_AUTO_TEST_CASE(an_image_that_was_touched_is_served_with_a_warning) {
    const Files f;
    (void)f.run({"protect"});
    f.flip(f.image, 1'000'000);
    BOOST_TEST(says(f.serve(), "replaced or modified"));
    BOOST_TEST(f.serve(true).empty());  // it was closed cleanly, as it is now
}

BOOST_AUTO_TEST_CASE(a_sidecar_that_was_cut_short_or_is_none_is_refused) {
    const Files f;
    (void)f.run({"protect"});
    BOOST_REQUIRE(truncate((f.image + ".pi").c_str(), 5'000'000 / 2) == 0);
    BOOST_TEST(says(f.serve(), "truncated"));
    f.dir.file("disk.img.pi", std::string(20'000, 'x'));
    BOOST_TEST(says(f.serve(), "not the sidecar of an image"));
    f.dir.file("disk.img.pi", "");
    BOOST_TEST(!f.serve().empty());
}

BOOST_AUTO_TEST_CASE(one_damaged_header_is_survived_two_are_not) {
    const Files f;
    (void)f.run({"protect"});
    const auto header = target::image_info(f.image, "")->header;
    const uint64_t newer = header->sequence % 2 * target::kSidecarPage;
    f.flip(f.image + ".pi", newer + 100);
    BOOST_TEST(target::image_info(f.image, "")->header->sequence == header->sequence - 1);
    f.flip(f.image + ".pi", target::kSidecarPage - newer + 100);
    BOOST_TEST(says(f.serve(), "both copies of the sidecar's header are damaged"));
}

BOOST_AUTO_TEST_CASE(an_image_that_is_served_is_left_alone) {
    const Files f;
    (void)f.run({"protect"});
    const auto reactor = target::Reactor::open(target::Reactor::Engine::kEpoll);
    const auto file = target::ProtectedFile::open(**reactor, {.image = f.image,
                                                              .sidecar = {},
                                                              .read_only = false,
                                                              .block_bytes = 512,
                                                              .host_tags = false,
                                                              .fault_file = {},
                                                              .on_trouble = {},
                                                              .on_fault = {}});
    BOOST_REQUIRE(file.ok());
    BOOST_TEST(says(f.refusal({"verify"}), "in use by a server"));
    BOOST_TEST(says(f.refusal({"protect", "--force"}), "in use by a server"));
}

BOOST_AUTO_TEST_CASE(protect_writes_to_no_file_that_is_not_its_own) {
    const Files f;
    const std::string sidecar = f.image + ".pi";
    const std::string letter = f.dir.file("letter", std::string(20'000, 'x'));
    BOOST_REQUIRE(symlink(letter.c_str(), sidecar.c_str()) == 0);
    for (const bool force : {false, true}) {
        BOOST_TEST(says(f.refusal(force ? std::vector<std::string_view>{"protect", "--force"}
                                        : std::vector<std::string_view>{"protect"}),
                        "is a symbolic link"));
    }
    BOOST_REQUIRE(unlink(sidecar.c_str()) == 0);
    BOOST_REQUIRE(symlink(f.dir.at("nothing").c_str(), sidecar.c_str()) == 0);
    BOOST_TEST(says(f.refusal({"protect"}), "is a symbolic link"));
    BOOST_TEST(access(f.dir.at("nothing").c_str(), F_OK) != 0);
    BOOST_REQUIRE(unlink(sidecar.c_str()) == 0);
    BOOST_REQUIRE(mkfifo(sidecar.c_str(), 0600) == 0);
    BOOST_TEST(says(f.refusal({"protect", "--force"}), "not a regular file"));
    BOOST_REQUIRE(unlink(sidecar.c_str()) == 0);
    BOOST_REQUIRE(link(letter.c_str(), sidecar.c_str()) == 0);
    BOOST_TEST(says(f.refusal({"protect"}), "another file that is not a sidecar"));
    f.dir.file("disk.img.pi", "short");
    BOOST_TEST(says(f.refusal({"protect"}), "another file that is not a sidecar"));
    BOOST_TEST(says(f.run({"protect", "--force"}).text, "6144 blocks protected"));
}

BOOST_AUTO_TEST_CASE(a_sidecar_is_for_those_who_may_read_the_image) {
    for (const mode_t mode : {mode_t{0600}, mode_t{0640}, mode_t{0666}, mode_t{0400}}) {
        const Files f;
        BOOST_REQUIRE(chmod(f.image.c_str(), mode) == 0);
        const mode_t before = umask(0);
        (void)f.run({"protect"});
        umask(before);
        struct stat status {};
        BOOST_REQUIRE(stat((f.image + ".pi").c_str(), &status) == 0);
        BOOST_TEST((status.st_mode & 07777U) == (mode | 0600U));
    }
}

BOOST_AUTO_TEST_CASE(the_log_has_its_room_from_the_start) {
    const Files f;
    (void)f.run({"protect"});
    const auto header = target::image_info(f.image, "")->header;
    const auto is_whole = [&] {
        const auto fd = base::open_file(f.image + ".pi", O_RDWR);
        struct stat status {};
        BOOST_REQUIRE(fstat(fd->get(), &status) == 0);
        return static_cast<uint64_t>(status.st_blocks) * 512 >= target::sidecar_bytes(*header);
    };
    if (!is_whole()) {
        BOOST_TEST_MESSAGE("this file system allocates nothing in advance");
        return;
    }
    {  // a sidecar of an earlier version
        const auto fd = base::open_file(f.image + ".pi", O_RDWR);
        BOOST_REQUIRE(fallocate(fd->get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                                static_cast<off_t>(header->log_offset),
                                static_cast<off_t>(header->log_entries * 32)) == 0);
    }
    BOOST_TEST(!is_whole());
    BOOST_TEST(f.serve() == "");
    BOOST_TEST(is_whole());
    BOOST_TEST(f.run({"verify"}).intact);
}

BOOST_AUTO_TEST_CASE(an_unknown_action_is_named) {
    BOOST_TEST(target::find_image_action("melt") == nullptr);
    BOOST_TEST(target::unknown_image_action("verfy").text ==
               "\"verfy\" is not one of info, protect, verify; did you mean \"verify\"?");
}

BOOST_AUTO_TEST_SUITE_END()
