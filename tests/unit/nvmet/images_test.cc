// SPDX-License-Identifier: GPL-2.0-or-later
// An image that is not there, or that the kernel refuses, keeps no other image from being exported.
#include <fcntl.h>
#include <sys/stat.h>

#include <filesystem>

#include "base/text.h"
#include "nvmet/commands.h"
#include "nvmet/validate.h"
#include "sample.h"
#include "support/fake_configfs.h"

namespace {

using Lines = std::vector<std::string>;

constexpr int kDisks = 50;

struct Fixture {
    Fixture() { open.root = dir.path(); }

    /// @param images  of the namespaces 1 to their number
    void write_config(const Lines& images, const std::string& target = "") {
        std::string text = "[target]\n" + target +
                           "[host.a]\nnqn = nqn.2024-08.com.example:a\n"
                           "[subsystem.s]\nnqn = nqn.2024-08.com.example:s\nhosts = a\n";
        for (size_t i = 0; i < images.size(); ++i) {
            text += base::format("[namespace.n%zu]\nsubsystem = s\nnsid = %zu\nimage = %s\n", i + 1,
                                 i + 1, images[i].c_str());
        }
        options.file = dir.file("t.conf", text);
    }
    std::string image(const std::string& name) const {
        return dir.file(name, std::string(4096, '\0'));
    }
    /// The file was last written to a minute ago.
    static void age(const std::string& path) {
        const timespec then{time(nullptr) - 60, 0};
        const timespec times[] = {then, then};
        BOOST_REQUIRE(utimensat(AT_FDCWD, path.c_str(), times, 0) == 0);
    }
    auto prepare() { return nvmet::prepare(open, options, true); }
    nvmet::CarriedOut apply() {
        const auto prepared = prepare();
        BOOST_REQUIRE_MESSAGE(prepared.ok(), (prepared.ok() ? "" : prepared.error()[0]));
        warnings = prepared->warnings;
        const auto result = nvmet::carry_out(open, *prepared);
        BOOST_REQUIRE_MESSAGE(result.ok(), (result.ok() ? "" : result.error().text));
        return *result;
    }
    [[nodiscard]] size_t exported() const {
        const auto state = nvmet::read_tree(*open.tree);
        BOOST_REQUIRE(state.ok());
        size_t count = 0;
        for (const nvmet::Object& disk : state->all(nvmet::Kind::kSubsystem).at(0)->children) {
            count += disk.get("enable") == "1" ? 1 : 0;
        }
        return count;
    }
    [[nodiscard]] bool warned(const std::string& part) const {
        return std::ranges::any_of(warnings, [&](const std::string& text) {
            return text.find(part) != std::string::npos;
        });
    }

    support::TempDir dir;
    nvmet::CommandOptions options;
    nvmet::OpenTree open{"", true, std::make_unique<support::FakeConfigfs>()};
    Lines warnings;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(images, Fixture)

BOOST_AUTO_TEST_CASE(one_missing_image_of_fifty_leaves_forty_nine) {
    Lines images;
    for (int i = 1; i < kDisks; ++i) {
        images.push_back(image(base::format("%d.img", i)));
    }
    images.push_back(dir.at("late.img"));
    write_config(images);
    const auto result = apply();
    BOOST_TEST(result.differences.empty());
    BOOST_TEST(!result.serves_nothing);
    BOOST_TEST(exported() == 49U);
    BOOST_TEST(warned("[namespace.n50]: not exported yet: " + dir.at("late.img") +
                      ": No such file or directory"));
    BOOST_TEST(prepare()->steps.empty());  // applied again, nothing changes

    options.late = true;
    BOOST_TEST(prepare()->steps.empty());
    age(image("late.img"));
    (void)apply();
    BOOST_TEST(exported() == 50U);
    BOOST_TEST(prepare()->steps.empty());
}

BOOST_AUTO_TEST_CASE(an_image_that_is_not_a_raw_disk_is_exported_later) {
    (void)dir.folder("directory");
    dir.file("qcow2.img", "QFI\xFB" + std::string(4092, '\0'));
    write_config({image("one.img"), dir.at("directory"), dir.at("qcow2.img")});
    (void)apply();
    BOOST_TEST(exported() == 1U);
    BOOST_TEST(warned("neither a regular file nor a block device"));
    BOOST_TEST(warned("it is a qcow2 image, not a raw disk"));
    options.late = true;
    age(image("qcow2.img"));
    (void)apply();
    BOOST_TEST(exported() == 2U);
}

BOOST_AUTO_TEST_CASE(a_controller_that_is_missing_waits_too) {
    write_config({image("one.img")});
    const auto text = base::read_text(options.file);
    dir.file("t.conf", *text +
                           "[subsystem.whole]\nnqn = nqn.2024-08.com.example:whole\n"
                           "hosts = a\npassthru = /absent/nvme7\n");
    const auto result = apply();
    BOOST_TEST(result.differences.empty());
    BOOST_TEST(exported() == 1U);
    BOOST_TEST(warned("/absent/nvme7: No such file"));
}

BOOST_AUTO_TEST_CASE(strict_changes_nothing) {
    write_config({image("one.img"), dir.at("late.img")}, "strict = yes\n");
    const auto refused = prepare();
    BOOST_REQUIRE(!refused.ok());
    BOOST_TEST(refused.error()[0].find("late.img: No such file") != std::string::npos);
    image("late.img");
    (void)apply();
    BOOST_TEST(exported() == 2U);
}

BOOST_AUTO_TEST_CASE(without_any_image_nothing_changes) {
    write_config({dir.at("one.img"), dir.at("two.img")});
    const auto refused = prepare();
    BOOST_REQUIRE(!refused.ok());
    BOOST_TEST(refused.error().size() == 2U);
    write_config({});
    BOOST_TEST(prepare().ok());  // the file requests none
}

BOOST_AUTO_TEST_CASE(an_exported_image_that_disappears_is_left_alone) {
    write_config({image("one.img"), image("two.img")});
    (void)apply();
    std::filesystem::remove(dir.at("two.img"));
    BOOST_TEST(prepare()->steps.empty());
    (void)apply();
    BOOST_TEST(exported() == 2U);
    BOOST_TEST(warned("still exported, without changes"));

    write_config({image("one.img"), dir.at("three.img")});
    const auto refused = prepare();
    BOOST_REQUIRE(!refused.ok());
    BOOST_TEST(refused.error()[0].find("it would replace " + dir.at("two.img")) !=
               std::string::npos);
}

BOOST_AUTO_TEST_CASE(an_image_that_the_kernel_refuses_keeps_no_other_from_being_exported) {
    // Present for this program, and absent for the kernel.
    write_config({image("one.img"), image("two.img")});
    auto prepared = prepare();
    BOOST_REQUIRE(prepared.ok());
    const auto refuse = [&](const std::string& path) {
        for (nvmet::Step& step : prepared->steps) {
            step.value = step.value == path ? "/absent" + path : step.value;
        }
    };
    refuse(dir.at("two.img"));
    const auto result = nvmet::carry_out(open, *prepared);
    BOOST_REQUIRE_MESSAGE(result.ok(), (result.ok() ? "" : result.error().text));
    BOOST_REQUIRE(result->not_exported.size() == 1U);
    BOOST_TEST(result->not_exported[0].find("namespaces/2/enable") != std::string::npos);
    BOOST_TEST(!result->serves_nothing);
    BOOST_TEST(exported() == 1U);
    BOOST_TEST(!prepare()->steps.empty());  // the next attempt

    open.tree = std::make_unique<support::FakeConfigfs>();
    prepared = prepare();
    refuse(dir.at("one.img"));
    refuse(dir.at("two.img"));
    BOOST_TEST(nvmet::carry_out(open, *prepared)->serves_nothing);
}

BOOST_AUTO_TEST_CASE(a_file_that_is_being_written_is_not_exported_yet) {
    write_config({image("one.img"), dir.at("late.img")});
    (void)apply();
    options.late = true;
    image("late.img");
    BOOST_TEST(prepare()->steps.empty());
    age(dir.at("late.img"));
    BOOST_TEST(prepare()->steps.size() == 1U);
}

BOOST_AUTO_TEST_CASE(late_images_undo_no_other_change) {
    write_config({image("one.img"), dir.at("late.img")});
    (void)apply();
    BOOST_REQUIRE(
        open.tree->write("subsystems/nqn.2024-08.com.example:s/namespaces/1/enable", "0").ok());
    BOOST_REQUIRE(open.tree->make_folder("hosts/nqn.2024-08.com.example:manual").ok());
    age(image("late.img"));
    options.late = true;
    const auto prepared = prepare();
    BOOST_REQUIRE(prepared.ok());
    for (const nvmet::Step& step : prepared->steps) {
        BOOST_TEST(step.path.ends_with("namespaces/2/enable"), step.path);
    }
    BOOST_TEST(prepared->steps.size() == 1U);
}

BOOST_AUTO_TEST_SUITE_END()
