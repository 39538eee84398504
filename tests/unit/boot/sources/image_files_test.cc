// SPDX-License-Identifier: GPL-2.0-or-later
// An image whose configuration was dropped is not taken for one that never had any.
#include "boot/sources/image_files.h"

#include <unistd.h>

#include "boot/sources/plan_report.h"
#include "support/test.h"
#include "unit/boot/sources/plan_machine.h"
#include "unit/boot/sources/sample_secrets.h"

namespace {

constexpr const char* kUri = "nvmeroot=nvme+tcp://192.0.2.10/nqn.2024-08.com.example:disk/1";
constexpr const char* kList = "usr/lib/nvmeroot/image-files";
constexpr const char* kConf = "/etc/nvmeroot/nvmeroot.conf";
constexpr const char* kSecret = "/etc/nvmeroot/dhchap_secret";

/// An unpacked image, built with an ini file and a secret.
struct Image : PlanMachine {
    Image() {
        dir.file(kList, std::string(kConf) + "\n" + kSecret + "\n");
        config("[host]\nauth = host\n");
        dir.file("etc/nvmeroot/dhchap_secret", kHostSecret, 0600);
    }
    void lose(const std::string& file) const { BOOST_REQUIRE(unlink(dir.at(file).c_str()) == 0); }
    [[nodiscard]] boot::LoadedPlan load(const std::string& cmdline) const {
        boot::PlanInput input;
        input.cmdline = cmdline;
        input.root = dir.path();
        return boot::load_plan(input, sys);
    }
    void check_refused(const std::string& cmdline, const std::string& part) const {
        const boot::LoadedPlan loaded = load(cmdline);
        BOOST_TEST_CONTEXT(cmdline << " -> " << joined(loaded.errors)) {
            BOOST_TEST(loaded.asked == boot::Asked::kYes);
            BOOST_REQUIRE(loaded.errors.size() == 1U);
            BOOST_TEST(loaded.errors[0].find(part) != std::string::npos, part);
            BOOST_TEST(loaded.errors[0].find("rebuild the image") != std::string::npos);
            BOOST_TEST(loaded.failure().code == boot::ExitCode::kConfig);
            BOOST_TEST(boot::plan_exit_code(loaded) == boot::ExitCode::kConfig);
        }
    }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(image_files)

BOOST_AUTO_TEST_CASE(an_image_that_has_all_of_it_boots) {
    const Image image;
    const boot::LoadedPlan loaded = image.load(kUri);
    BOOST_REQUIRE_MESSAGE(loaded.errors.empty(), joined(loaded.errors));
    BOOST_TEST(loaded.plan.auth.mode == boot::Auth::kHost);
}

BOOST_AUTO_TEST_CASE(a_lost_file_is_a_refusal_whatever_else_is_said) {
    const Image image;
    image.lose("etc/nvmeroot/dhchap_secret");
    image.check_refused(kUri, std::string(kSecret) + " is missing");
    image.lose("etc/nvmeroot/nvmeroot.conf");
    const std::string both = std::string(kConf) + " is missing, " + kSecret + " is missing";
    for (const char* word : {"", " nvmeroot.auth=off", " rd.hostonly=0"}) {
        image.check_refused(kUri + std::string(word), both);
    }
}

BOOST_AUTO_TEST_CASE(a_directory_instead_of_a_file_counts_as_lost) {
    const Image image;
    image.lose("etc/nvmeroot/dhchap_secret");
    image.dir.link("etc/nvmeroot/dhchap_secret", "nowhere");
    image.check_refused(kUri, std::string(kSecret) + " is a dangling link");
    image.lose("etc/nvmeroot/dhchap_secret");
    (void)image.dir.folder("etc/nvmeroot/dhchap_secret");
    image.check_refused(kUri, std::string(kSecret) + " is not a regular file");
    image.config("");
    image.check_refused(kUri, std::string(kConf) + " is empty");
}

BOOST_AUTO_TEST_CASE(who_asked_may_have_been_lost_with_the_ini_file_alone) {
    const Image image;
    image.lose("etc/nvmeroot/dhchap_secret");
    BOOST_TEST(boot::plan_exit_code(image.load("")) == boot::ExitCode::kNotAsked);
    image.lose("etc/nvmeroot/nvmeroot.conf");
    image.check_refused("", std::string(kConf) + " is missing");
    BOOST_TEST(boot::plan_exit_code(image.load("rd.nonvmf")) == boot::ExitCode::kNotAsked);
}

BOOST_AUTO_TEST_CASE(a_list_that_cannot_be_read_is_a_refusal) {
    const Image image;
    const std::string list = image.sys.usr_lib + "/nvmeroot/image-files";
    struct Case {
        std::string text;
        std::string part;
    };
    const Case cases[] = {
        {"", list + " names no file"},
        {"\n\n", list + " names no file"},
        {"etc/nvmeroot/nvmeroot.conf\n", "\"etc/nvmeroot/nvmeroot.conf\" is not a full path"},
        {std::string(65537, '\n'), list},
    };
    for (const Case& c : cases) {
        image.dir.file(kList, c.text);
        image.check_refused(kUri, c.part);
        image.check_refused("", c.part);
    }
    image.lose(kList);
    image.dir.link(kList, "nowhere");
    image.check_refused(kUri, list);
    image.lose(kList);
    (void)image.dir.folder(kList);
    image.check_refused(kUri, list);
}

BOOST_AUTO_TEST_CASE(a_sealed_credential_must_have_been_opened) {
    const PlanMachine machine;
    const std::string sealed = "/etc/credstore.encrypted/nvmeroot.dhchap_secret";
    machine.dir.file(kList, sealed + "\n");
    machine.dir.file(sealed.substr(1), "sealed");
    const auto loss = [&](boot::Sources& sources, bool dry_run) {
        return boot::lost_of_image(machine.sys, machine.dir.path(), sources, dry_run).why;
    };
    boot::Sources sources = boot::default_sources();
    BOOST_TEST(loss(sources, true).empty());
    BOOST_TEST(loss(sources, false).find("systemd has not decrypted it") != std::string::npos);
    boot::add_value(*boot::find_key("dhchap_secret"), boot::Source::kCredential,
                    {std::string(kHostSecret), "test"}, sources);
    BOOST_TEST(loss(sources, false).empty());
}

BOOST_AUTO_TEST_SUITE_END()
