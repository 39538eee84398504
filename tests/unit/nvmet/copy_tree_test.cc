// SPDX-License-Identifier: GPL-2.0-or-later
// Commands on a copy of the tree, in files.
#include <sys/stat.h>

#include <filesystem>

#include "nvmet/commands.h"
#include "nvmet/dump.h"
#include "nvmet/validate.h"
#include "sample.h"

namespace {

using nvmet::Object;

struct Fixture : sample::Files {
    Fixture() {
        for (const char* folder :
             {"tree/nvmet/hosts", "tree/nvmet/ports", "tree/nvmet/subsystems"}) {
            (void)dir.folder(folder);
        }
        options.configfs = dir.at("tree");
        options.file = dir.file("t.conf", sample::without(sample::kFull, "target"));
    }
    nvmet::Prepared prepared() {
        auto open = nvmet::open_tree(options.configfs);
        BOOST_REQUIRE(open.ok());
        auto ready = nvmet::prepare(*open, options, false);
        BOOST_REQUIRE_MESSAGE(ready.ok(), (ready.ok() ? "" : ready.error()[0]));
        return std::move(*ready);
    }
    void carry_out(const nvmet::Prepared& ready) {
        auto open = nvmet::open_tree(options.configfs);
        const auto result = nvmet::carry_out(*open, ready);
        BOOST_REQUIRE_MESSAGE(result.ok(), (result.ok() ? "" : result.error().text));
        BOOST_TEST(result->differences.empty());
    }
    nvmet::CommandOptions options;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(copy_tree, Fixture)

BOOST_AUTO_TEST_CASE(a_copy_is_changed_and_cleared_like_the_kernels) {
    carry_out(prepared());
    BOOST_TEST(prepared().steps.empty());
    BOOST_TEST(dir.read("tree/nvmet/ports/1/addr_tsas") == "tls1.3\n");
    BOOST_TEST(
        dir.exists("tree/nvmet/ports/1/subsystems/"
                   "nqn.2024-08.com.example:disks/attr_serial"));
    struct stat key {};
    BOOST_REQUIRE(stat(dir.at("tree/nvmet/hosts/nqn.2024-08.com.example:web1/dhchap_key").c_str(),
                       &key) == 0);
    BOOST_TEST((key.st_mode & 0777U) == 0600U);

    auto open = nvmet::open_tree(options.configfs);
    carry_out(*nvmet::prepare_clear(*open, ""));
    for (const char* folder : {"hosts", "ports", "subsystems"}) {
        BOOST_TEST(open->tree->list(folder)->empty(), folder);
    }
}

BOOST_AUTO_TEST_CASE(one_subsystem_goes_with_what_leads_to_it) {
    carry_out(prepared());
    auto open = nvmet::open_tree(options.configfs);
    const auto ready = nvmet::prepare_clear(*open, "nqn.2024-08.com.example:open");
    BOOST_REQUIRE(ready.ok());
    for (const nvmet::Step& step : ready->steps) {
        BOOST_TEST(step.path.find("nqn.2024-08.com.example:open") != std::string::npos, step.path);
    }
    carry_out(*ready);
    BOOST_TEST(!dir.exists("tree/nvmet/subsystems/nqn.2024-08.com.example:open"));
    BOOST_TEST(!nvmet::prepare_clear(*open, "nqn.2024-08.com.example:nobody").ok());
}

BOOST_AUTO_TEST_CASE(a_key_that_would_be_lost_stops_everything) {
    carry_out(prepared());
    dir.file("t.conf", sample::with(sample::without(sample::kFull, "target"),
                                    "dhchap_secret_file = ctrl.key", "dhchap_hash = sha256"));
    auto open = nvmet::open_tree(options.configfs);
    const auto refused = nvmet::prepare(*open, options, false);
    BOOST_REQUIRE(!refused.ok());
    BOOST_TEST(refused.error()[0].find("would lose it") != std::string::npos);
    options.drop_keys = true;
    carry_out(prepared());
    BOOST_TEST(dir.read("tree/nvmet/hosts/nqn.2024-08.com.example:web2/dhchap_key") == "\n");
}

BOOST_AUTO_TEST_CASE(a_file_that_says_nothing_empties_no_target) {
    carry_out(prepared());
    for (const char* text : {"", "# cut off\n", "{}"}) {
        options.file = dir.file("cut", text);
        auto open = nvmet::open_tree(options.configfs);
        const auto refused = nvmet::prepare(*open, options, false);
        BOOST_REQUIRE_MESSAGE(!refused.ok(), text);
        BOOST_TEST(
            refused.error()[0].find(
                "contains no configuration; to remove everything, use nvmeroot-nvmet clear") !=
            std::string::npos);
    }
    options.file = dir.file("none", "[target]\nlisten = none\n");
    BOOST_TEST(!prepared().steps.empty());
}

BOOST_AUTO_TEST_CASE(images_are_files_and_controllers_are_devices) {
    const Object want = wanted(sample::kFull);
    const auto errors = nvmet::check_images(want);
    BOOST_REQUIRE(errors.size() == 1U);  // one.img is there, two.img is switched off
    BOOST_TEST(errors[0].find("/dev/nvme7: No such file") != std::string::npos, errors[0]);
    (void)dir.folder("directory");
    const auto folder = nvmet::check_images(
        wanted(sample::with(sample::kFull, "image = one.img", "image = directory")));
    BOOST_REQUIRE(folder.size() == 2U);
    BOOST_TEST(folder[0].find("neither a regular file nor a block device") != std::string::npos);
    const auto file =
        nvmet::check_images(wanted(sample::with(sample::kFull, "/dev/nvme7", dir.at("one.img"))));
    BOOST_REQUIRE(file.size() == 1U);
    BOOST_TEST(file[0].find("is not a controller") != std::string::npos);
    dir.file("qcow2.img", "QFI\xFB" + std::string(4092, '\0'));
    const auto container = nvmet::check_images(
        wanted(sample::with(sample::kFull, "image = one.img", "image = qcow2.img")));
    BOOST_REQUIRE(container.size() == 2U);
    BOOST_TEST(container[0].find("it is a qcow2 image, not a raw disk") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_subsystem_that_no_port_offers_is_pointed_out) {
    BOOST_TEST(nvmet::check_reach(wanted(sample::kFull)).empty());
    Object want = wanted(sample::kFull);
    for (Object& child : want.children) {
        if (child.kind == nvmet::Kind::kPort) {
            child.links.erase("nqn.2024-08.com.example:open");
        }
    }
    const auto warnings = nvmet::check_reach(want);
    BOOST_REQUIRE(warnings.size() == 1U);
    BOOST_TEST(warnings[0].find("no port exports it") != std::string::npos);
    // nvmetcli's file, as an editor of another system saves it.
    dir.file("saved.json",
             "\xEF\xBB\xBF{\"hosts\": [], \"ports\": [], \"subsystems\": [{\"nqn\": "
             "\"nqn.2024-08.com.example:lost\", \"allowed_hosts\": [], \"namespaces\": [], "
             "\"attr\": {\"allow_any_host\": \"1\"}}]}");
    const auto json = nvmet::load(dir.at("saved.json"));
    BOOST_REQUIRE_MESSAGE(json.ok(), (json.ok() ? "" : json.error()[0]));
    BOOST_REQUIRE(!json->warnings.empty());
    BOOST_TEST(json->warnings.back().find("no port exports it") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_kernel_gets_absolute_names) {
    const std::string relative = std::filesystem::relative(dir.at("t.conf"));
    const auto read = nvmet::load(relative);
    BOOST_REQUIRE(read.ok());
    const Object* subsystem =
        read->state.find(nvmet::Kind::kSubsystem, "nqn.2024-08.com.example:disks");
    BOOST_TEST(subsystem->find(nvmet::Kind::kNamespace, "1")->get("device_path") ==
               dir.at("one.img"));
    const auto keys = nvmet::save_keys(read->state, std::filesystem::relative(dir.at("keys")));
    BOOST_REQUIRE(keys.ok());
    for (const auto& [key, file] : *keys) {
        BOOST_TEST(file.starts_with(dir.at("keys/")), file);
    }
}

BOOST_AUTO_TEST_CASE(a_directory_without_a_target_is_refused) {
    BOOST_TEST(!nvmet::open_tree(dir.path()).ok());
}

BOOST_AUTO_TEST_SUITE_END()
