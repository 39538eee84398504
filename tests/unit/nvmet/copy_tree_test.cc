// SPDX-License-Identifier: GPL-2.0-or-later
// Commands on a copy of the tree, in files.
#include <sys/stat.h>

#include "nvmet/commands.h"
#include "sample.h"

namespace {

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
        const auto differences = nvmet::carry_out(*open, ready);
        BOOST_REQUIRE_MESSAGE(differences.ok(), (differences.ok() ? "" : differences.error().text));
        BOOST_TEST(differences->empty());
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
    BOOST_TEST(refused.error()[0].find("would have none") != std::string::npos);
    options.drop_keys = true;
    carry_out(prepared());
    BOOST_TEST(dir.read("tree/nvmet/hosts/nqn.2024-08.com.example:web2/dhchap_key") == "\n");
}

BOOST_AUTO_TEST_CASE(a_folder_without_a_target_is_refused) {
    BOOST_TEST(!nvmet::open_tree(dir.path()).ok());
}

BOOST_AUTO_TEST_SUITE_END()
